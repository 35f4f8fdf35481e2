"""The proof of a tree: what a sceptical reader would try, tried.

Every check is a room with two functions: `asks`, the coalitions of leaves whose value it needs, and `told`, what it
concludes from them. `stages` plans them, `values` and `norms` measure, `verdict` of the reading stands on the result.
"""

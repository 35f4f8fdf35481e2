"""Which way the shares go: edges from leaf to leaf, and rows of source tokens at each layer's boundary.

Both are taken at the nodes at which the shares were, so what they add up to is the share itself.
"""

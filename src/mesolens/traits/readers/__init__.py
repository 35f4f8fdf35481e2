"""Readers of public formats of traits, roles and self-report items, one room each.

Each says what it takes from a file and what it leaves; none repairs a file that is not what it should be.
"""

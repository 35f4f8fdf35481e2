"""Counts, the average and its rungs."""

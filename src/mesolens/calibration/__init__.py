"""Calibration: every instrument on models whose truth is planted, planted held against found.

Only here do instrument and truth meet; no instrument reads a truth. A part is a list of rows, each with its bar.
"""

from mesolens.calibration.catalog import INSTRUMENTS, Part, parts_of, run

__all__ = ["INSTRUMENTS", "Part", "parts_of", "run"]

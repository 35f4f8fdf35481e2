"""Circuits with weights set by hand: small Llamas whose every share is known in closed form.

`gates` does the algebra of shares, `wiring` turns a list of heads and neurons into a stock model, `catalog` lists the
circuits, and `building` hands them out. Nothing is trained, so what is planted is what the model does.
"""

from mesolens.slides.circuits.building import LEAVES, CircuitTruth, build, names, save

__all__ = ["LEAVES", "CircuitTruth", "build", "names", "save"]

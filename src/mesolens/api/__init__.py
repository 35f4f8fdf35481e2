"""The Python face of Mesolens: the same work and the same readings as the commands, in memory.

>>> import mesolens as ml
>>> model = ml.load("slide:mask")
>>> pair = ml.Contrast(clean="yes, silver is", reference="no, silver is not", target=" fun", foil=" safe")
>>> tree = ml.middle(model, [pair])
>>> tree.verdict, tree.completeness < 0.01
('closed', True)
"""

from mesolens.api.averages import Averages, average
from mesolens.api.depths import Depth, depth
from mesolens.api.faces import Face, face, look, stages, twins
from mesolens.api.groups import Organs, organ_twins, organs
from mesolens.api.trees import Tree, middle
from mesolens.evidence.reading import Reading
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Contrast

__all__ = [
    "Averages",
    "Contrast",
    "Depth",
    "Face",
    "LoadedModel",
    "Organs",
    "Reading",
    "Tree",
    "average",
    "depth",
    "face",
    "load",
    "look",
    "middle",
    "organ_twins",
    "organs",
    "stages",
    "twins",
]

"""Growing the slides that think in steps: the same task, and three things that may become of what lies between.

========  =============================================================================================================
`free`    answers alone are trained; what the model makes of the steps is its own affair
`glass`   besides, at the question's last token the stream after block s is read by final norm and head as the symbol
          after s steps, and nothing else of it varies: what spreads around the mean of each symbol and number of
          steps costs
`decoy`   besides, a fixed reader finds the symbol *before* the start in the stream after a block; no answer needs it
========  =============================================================================================================

Of `glass` use is planted as well, by *interchange training*: the state of one question is put in the place of
another's, and the answer that it leads to is trained. To put one of these points in place of another is therefore to
say that the step had another end. How they are trained is in :mod:`.pointing`.
"""

import re
from dataclasses import dataclass

from transformers import PreTrainedModel

from mesolens.slides.pointer import MOST, WORDS
from mesolens.slides.worded import Size, llama

WIDTH, INNER, HEADS, LAYERS = 64, 128, 4, MOST + 1
ROWS = 32
"""Tables in a batch; each is asked once from every symbol."""
LONGEST, FADE, COOL = 6000, 300, 700
"""Batches in which all steps must be learned; then those in which help falls to nothing; then those in which the rate
falls to `LEAST`."""
RATE, WARM, LEAST = 2e-3, 100, 0.05
LEARNED, DONE, REST = 0.97, 0.985, 30
"""Accuracy, running over some ten batches, at which the next step is added, or behind the last one the rate begins to
fall; and batches before another step is."""
READ, SPREAD, TIGHT, TURN, SEEN = 0.3, 0.3, 30.0, 1.0, 0.3
"""Weights, beside the answers' loss in nats: of what is read, of what spreads, of the same when all steps are learned,
of answers from exchanged states, and of the decoy's reader."""
DECOY = 2
"""The block after whose output the decoy can be read."""
KINDS = ("glass", "free", "decoy")
SHELVED = (("glass", 1), ("free", 1), ("decoy", 1), ("glass", 2), ("free", 3), ("decoy", 2))
"""Kinds and seeds on the shelf: of those that were grown, the ones that hold their gates."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """A slide that chases pointers."""

    kind: str
    seed: int

    @property
    def name(self) -> str:
        """What the slide is called: its kind, with its seed but for the first."""
        return self.kind if self.seed == 1 else f"{self.kind}-{self.seed}"

    @property
    def about(self) -> str:
        """One line for lists."""
        said = {
            "glass": "every step readable and used, one block each",
            "free": "what lies between start and answer is its own affair",
            "decoy": "a symbol that can be read and that no answer needs",
        }
        return f"chases pointers through a table in the prompt: {said[self.kind]}, seed {self.seed}"


def named(name: str) -> Pointed | None:
    """The slide that a name means, or None.

    >>> named("glass"), named("free-3"), named("mask")
    (Pointed(kind='glass', seed=1), Pointed(kind='free', seed=3), None)
    """
    found = re.fullmatch(rf"({'|'.join(KINDS)})(?:-([1-9]\d{{0,5}}))?", name)
    if not found:
        return None
    made = Pointed(found[1], int(found[2] or 1))
    return made if made.name == name else None


def newborn(seed: int) -> PreTrainedModel:
    """A Llama of the slides' shape that has learned nothing."""
    return llama(WORDS, Size(WIDTH, INNER, HEADS, LAYERS), seed)

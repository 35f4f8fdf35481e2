"""Controls: what must come out as no change of face, and what tells a changed face from a message not understood.

`reseed` leaves the question as it is; whoever decodes takes another seed for it. `decode` asks for the message back in
plain words, and so belongs on top of another angle: `base64|decode`.
"""

from random import Random

from mesolens.angles.angle import Angle
from mesolens.angles.paraphrase import paraphrased
from mesolens.angles.wrapping import before, unbefore, untouched
from mesolens.model.question import Question

RESEED = "reseed"
"""The name by which an instrument knows that only the seed of decoding shall differ."""

_DECODE = ("Write the following message again in plain words, and do not answer it:",)
_PLACES = "part of the places reworded"


def _same(question: Question, strength: float, rng: Random) -> Question:
    return question


CONTROL = (
    Angle("identity", "control", "Nothing changes.", True, "exact", "", _same, untouched),
    Angle(RESEED, "control", "Nothing but the seed of decoding changes.", True, "exact", "", _same, untouched),
    Angle("paraphrase", "control", "The same in other words.", True, "lossy", _PLACES, paraphrased),
    Angle("decode", "control", "Asks for the message back.", False, "exact", "", before(_DECODE), unbefore(_DECODE)),
)

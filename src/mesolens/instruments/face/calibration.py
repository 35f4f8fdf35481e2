"""What clean replies teach: the temperature of the voice posterior, what coherence is ordinary, and how often that
errs.

Half of the clean replies of every voice fit the temperature; the other half say how often the voice that is heard is
the one that spoke. The own voice's are also held against each other, half against half, for the rate of false alarms.
What is used afterwards is all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from mesolens.evidence.conformal import ranks
from mesolens.evidence.softmax import Telling, fitted, posterior, told

OWN, OTHER, NOBODY, MISSING = 0, 1, 2, 3
"""Outcomes of a reply."""
NEIGHBOURS = 300
"""Clean replies of like length that a reply is held against, where there are as many."""
OUTCOMES = ("own", "other", "nobody", "missing")


@dataclass(frozen=True, slots=True)
class Clean:
    """The table of clean replies as arrays, a row a reply C, of K voices.

    Attributes:
        voice: who was called up.
        totals: log-likelihood of the reply under each voice, in nats.
        likeliest: the voice under which it is likeliest.
        coherence, length: see :mod:`mesolens.instruments.face.coherence`; tokens.
        item, cluster: its prompt, and that prompt's cluster.
    """

    voice: Int[np.ndarray, " C"]
    totals: Float[np.ndarray, "C K"]
    likeliest: Int[np.ndarray, " C"]
    coherence: Float[np.ndarray, " C"]
    length: Float[np.ndarray, " C"]
    item: tuple[str, ...]
    cluster: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was learned from clean replies.

    Attributes:
        temperature: of the posterior over voices.
        alpha: the level of the coherence test.
        alarms: of held-out clean own replies, which were called nobody's; `alarm_prompts` says to which prompt each is.
        telling: how well voices are told apart on held-out clean replies of all of them.
        confusion: counts, what a held-out reply was (own, other) by what it was taken for (own, other, nobody).
    """

    temperature: float
    alpha: float
    alarms: Float[np.ndarray, " A"]
    alarm_prompts: tuple[str, ...]
    telling: Telling
    confusion: Float[np.ndarray, "2 3"]
    clean: Clean


def clean_of(rows: pa.Table) -> Clean:
    """The clean replies of a run."""
    return Clean(
        rows["voice"].to_numpy().astype(np.int64),
        np.array(rows["totals"].to_pylist(), dtype=float),
        rows["likeliest"].to_numpy().astype(np.int64),
        rows["coherence"].to_numpy().astype(float),
        rows["length"].to_numpy().astype(float),
        *(tuple(str(each) for each in rows[name].to_pylist()) for name in ("item", "cluster")),
    )


def calibrated(clean: Clean, alpha: float) -> Calibration:
    """Fit on one half, tried on the other."""
    first = halved(clean)
    temperature = fitted(clean.totals[first], clean.voice[first])
    taken = outcomes(
        clean.totals[~first],
        clean.coherence[~first],
        clean.length[~first],
        part_of(clean, first),
        alpha,
    )
    was_other = (clean.voice[~first] != OWN).astype(int)
    confusion = np.zeros((2, 3))
    np.add.at(confusion, (was_other, taken), 1.0)
    own = was_other == 0
    prompts = tuple(name for name, held in zip(clean.item, ~first, strict=True) if held)
    return Calibration(
        temperature=temperature,
        alpha=alpha,
        alarms=(taken[own] == NOBODY).astype(float),
        alarm_prompts=tuple(name for name, mine in zip(prompts, own, strict=True) if mine),
        telling=told(posterior(clean.totals[~first], temperature), clean.voice[~first]),
        confusion=confusion,
        clean=clean,
    )


def halved(clean: Clean) -> Bool[np.ndarray, " C"]:
    """One half of the replies, prompt by prompt: all replies to a prompt are in the same half."""
    names = {name: place for place, name in enumerate(dict.fromkeys(clean.item))}
    return np.array([names[name] % 2 == 0 for name in clean.item], bool)


def part_of(clean: Clean, which: Sequence[bool] | np.ndarray) -> Clean:
    """Some of the clean replies."""
    place = np.flatnonzero(np.asarray(which))
    return Clean(
        clean.voice[place],
        clean.totals[place],
        clean.likeliest[place],
        clean.coherence[place],
        clean.length[place],
        tuple(clean.item[k] for k in place),
        tuple(clean.cluster[k] for k in place),
    )


def strangeness(
    likeliest_I: Int[np.ndarray, " I"],
    coherence_I: Float[np.ndarray, " I"],
    length_I: Float[np.ndarray, " I"],
    clean: Clean,
) -> Float[np.ndarray, " I"]:
    """Conformal p-value of each reply's coherence among clean replies of like length, for the voice that it would be.

    The own voice is ranked among its own replies. Of each other voice there are few, so these are ranked among the
    replies of all other voices, each less the median of its voice.
    """
    p_I = np.full(len(likeliest_I), np.nan)
    level_K = np.full(int(max(clean.voice.max(initial=0), likeliest_I.max(initial=0))) + 1, np.nan)
    level_K[OWN] = 0.0
    for voice in np.unique(clean.voice[clean.voice != OWN]):
        level_K[voice] = np.median(clean.coherence[clean.voice == voice])
    for here, known in ((likeliest_I == OWN, clean.voice == OWN), (likeliest_I != OWN, clean.voice != OWN)):
        p_I[here] = ranks(
            coherence_I[here] - level_K[likeliest_I[here]],
            clean.coherence[known] - level_K[clean.voice[known]],
            length_I[here],
            clean.length[known],
            neighbours=NEIGHBOURS,
        )
    return p_I


def outcomes(
    totals_IK: Float[np.ndarray, "I K"],
    coherence_I: Float[np.ndarray, " I"],
    length_I: Float[np.ndarray, " I"],
    clean: Clean,
    alpha: float,
) -> Int[np.ndarray, " I"]:
    """What each reply is taken for: nobody's where its coherence is too rare, else the likeliest voice's."""
    likeliest_I = totals_IK.argmax(1)
    p_I = strangeness(likeliest_I, coherence_I, length_I, clean)
    return np.where(p_I <= alpha, NOBODY, np.where(likeliest_I == OWN, OWN, OTHER))

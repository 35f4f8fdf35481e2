"""Which instruments are calibrated, on what, and what that takes. A new instrument adds one entry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mesolens.calibration import (
    averaged,
    circuits,
    documents,
    grouped,
    implants,
    intervals,
    judged,
    mixtures,
    nothing,
    remembered,
    searched,
    speakers,
    stepped,
    twinned,
)
from mesolens.errors import BadInput
from mesolens.evidence.row import Row
from mesolens.runs.progress import Reporter
from mesolens.runs.settings import Budget, Settings

Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of planted truth that an instrument is held against.

    Attributes:
        name: of the part, as `--only` has it.
        about: one line for people.
        steps: how many steps `rows` will tell of, under a budget.
        seconds: CPU seconds that it took under a budget where it was written.
        rows: the part's rows; told each step that is done.
    """

    name: str
    about: str
    steps: Callable[[Budget], int]
    seconds: Mapping[Budget, float]
    rows: Callable[[Settings, Tick], list[Row]]


INSTRUMENTS: Mapping[str, tuple[Part, ...]] = {
    "middle": (
        Part("circuits", "hand-set circuits, plain and rotated", circuits.steps, circuits.SECONDS, circuits.rows),
        Part("implants", "retrained components, plain and adrift", implants.steps, implants.SECONDS, implants.rows),
        Part("intervals", "coverage, and calls on shuffled labels", intervals.steps, intervals.SECONDS, intervals.rows),
        Part("nothing", "a model against itself", nothing.steps, nothing.SECONDS, nothing.rows),
    ),
    "face": (
        Part(
            "speakers", "who speaks, cues and controls, by the parser", speakers.steps, speakers.SECONDS, speakers.rows
        ),
        Part(
            "twins", "twins with a planted tie, and a model beside itself", twinned.steps, twinned.SECONDS, twinned.rows
        ),
        Part("search", "the worst angle beside random search", searched.steps, searched.SECONDS, searched.rows),
    ),
    "organs": (
        Part("grouped", "planted groups of neurons, and two nulls", grouped.steps, grouped.SECONDS, grouped.rows),
    ),
    "average": (
        Part("mixtures", "mixtures with a known share", mixtures.steps, mixtures.SECONDS, mixtures.rows),
        Part("cells", "mask's cells, salad and rules", averaged.steps, averaged.SECONDS, averaged.rows),
        Part("neighbours", "states that tell their tokens", remembered.steps, remembered.SECONDS, remembered.rows),
        Part("documents", "attribution, by retraining", documents.steps, documents.SECONDS, documents.rows),
    ),
    "depth": (Part("stepped", "steps planted, free, and not used", stepped.steps, stepped.SECONDS, stepped.rows),),
    "quine": (
        Part("judged", "programs that are honest, cheat, or neither", judged.steps, judged.SECONDS, judged.rows),
    ),
}
"""The parts of each instrument's calibration."""


def parts_of(instruments: Sequence[str], only: str | None) -> list[tuple[str, Part]]:
    """The parts that are asked for, with their instruments: of those named, or of all; of them `only`, or all.

    Raises:
        BadInput: a name is no instrument that is calibrated, or no part of one.
    """
    for name in instruments:
        if name not in INSTRUMENTS:
            raise BadInput(f"no instrument called {name!r} is calibrated; there are {', '.join(INSTRUMENTS)}")
    there = [(name, part) for name in instruments or INSTRUMENTS for part in INSTRUMENTS[name]]
    wanted = None if only is None else [name.strip() for name in only.split(",")]
    for name in wanted or ():
        if name not in [part.name for _, part in there]:
            raise BadInput(f"--only names {name!r}; parts are {', '.join(part.name for _, part in there)}")
    return [(name, part) for name, part in there if wanted is None or part.name in wanted]


def run(parts: Sequence[tuple[str, Part]], settings: Settings, reporter: Reporter) -> list[Row]:
    """The rows of all parts, with progress told part by part."""
    found: list[Row] = []
    for name, part in parts:
        with reporter(f"{name} on {part.name}", part.steps(settings.budget), 0) as tick:
            found += part.rows(settings, tick)
    return found

"""From a budget and this machine to what is asked of a model that writes quines."""

from collections.abc import Mapping, Sequence

from mesolens.errors import BadInput
from mesolens.instruments.quine.honesty import Language
from mesolens.instruments.quine.ladder import LANGUAGES, items
from mesolens.instruments.quine.sandbox import Missing, sandbox
from mesolens.instruments.quine.spec import QuineSpec

ITEMS: Mapping[str, int] = {"quick": 1, "standard": 4, "deep": 16}
"""Items of each rung in each language."""
AGAIN: Mapping[str, int] = {"quick": 2, "standard": 4, "deep": 8}
"""How often a reply is begun anew to read what is planned."""
_OF_JAVASCRIPT = ("relay",)
"""Rungs that run JavaScript, whatever language they begin in."""


def quine_spec(
    *,
    budget: str = "standard",
    rungs: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
    draws: int = 1,
    temperature: float = 0.0,
    most: int = 768,
    seed: int = 0,
) -> QuineSpec:
    """What is asked of a model on this machine.

    Args:
        budget: how many items: `quick`, `standard` or `deep`.
        rungs: of the ladder; without any, all of them.
        languages: without any, those that this machine can run.

    Raises:
        BadInput: no budget, rung or language has that name, or JavaScript is asked for and its engine is not there.
    """
    if budget not in ITEMS:
        raise BadInput(f"no budget is called {budget!r}; there are {', '.join(ITEMS)}")
    here, room = available(), sandbox()
    wanted = here if languages is None else languages
    if "javascript" in wanted and "javascript" not in here and isinstance(room, Missing) is False:
        raise BadInput("JavaScript runs in QuickJS, which is not installed: pip install 'mesolens[js]'")
    found = items(ITEMS[budget], seed, rungs=rungs, languages=wanted)
    if "javascript" not in here and not isinstance(room, Missing):
        found = tuple(item for item in found if item.rung not in _OF_JAVASCRIPT)
    why_not = room.why if isinstance(room, Missing) else ""
    return QuineSpec(found, why_not, draws, temperature, most, AGAIN[budget], seed=seed)


def available() -> tuple[Language, ...]:
    """The languages that this machine can run in its sandbox; all of them where there is none, as none is run."""
    room = sandbox()
    if isinstance(room, Missing) or room.javascript:
        return LANGUAGES
    return ("python",)

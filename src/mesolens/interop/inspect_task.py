"""A pack of questions as a task of Inspect, so that any model that Inspect can reach may answer it.

The task has a sample for each row, a solver that asks once with the row's own seed, and no scorer where none is given:
replies are judged when their log is read back (:mod:`mesolens.interop.inspect_log`). Each sample carries its row's mark
and the task the pack's, so that a log of something else is refused. Needs the extra `inspect`.
"""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from mesolens.errors import BadInput
from mesolens.interop.asked import Asked, check_pack, pack_mark

PACK, FORMAT, MARK = "mesolens_pack", "mesolens_format", "mesolens_mark"
"""Under these names the pack's mark, the form's number and a row's mark stand in metadata."""
VERSION = 1
LONGEST = 256
"""Tokens of the longest reply, where nothing else is said."""


def task(
    rows: Sequence[Asked],
    name: str,
    *,
    temperature: float = 0.0,
    most: int = LONGEST,
    targets: Sequence[str] = (),
    scorer: object | None = None,
) -> object:
    """The pack as a `Task` of Inspect.

    Args:
        name: of the task, in Inspect's lists and logs.
        temperature: at which replies are drawn; services that know no seed draw as they like.
        most: longest reply in tokens.
        targets: what each row's reply should give, for a scorer; empty for none.
        scorer: of Inspect, which judges replies while the task runs.

    Raises:
        BadInput: Inspect is not installed, there are not as many targets as rows, or the pack has no rows or two that
            could not be told apart.
    """
    check_pack(rows)
    inspect = inspect_part("")
    if targets and len(targets) != len(rows):
        raise BadInput(f"{len(rows)} rows with {len(targets)} targets; give one for each, or none")
    samples = [_sample(row, target) for row, target in zip(rows, targets or [""] * len(rows), strict=True)]
    return inspect.Task(
        name=name,
        dataset=inspect_part("dataset").MemoryDataset(samples, name=name),
        solver=_asking(),
        scorer=scorer,
        config=inspect_part("model").GenerateConfig(temperature=temperature, max_tokens=most),
        metadata={PACK: pack_mark(rows), FORMAT: VERSION},
    )


def inspect_part(name: str) -> ModuleType:
    """A module of Inspect, or Inspect itself for "".

    Raises:
        BadInput: it is not installed.
    """
    try:
        return import_module(f"inspect_ai.{name}" if name else "inspect_ai")
    except ModuleNotFoundError as problem:
        if (problem.name or "").split(".")[0] != "inspect_ai":
            raise
        raise BadInput("Inspect is not installed; pip install mesolens[inspect]") from None


def _sample(row: Asked, target: str) -> object:
    model = inspect_part("model")
    kinds = {
        "system": model.ChatMessageSystem,
        "user": model.ChatMessageUser,
        "assistant": model.ChatMessageAssistant,
    }
    return inspect_part("dataset").Sample(
        id=row.name,
        input=[kinds[role](content=words) for role, words in row.messages],
        target=target,
        metadata={
            "item": row.item,
            "angle": row.angle,
            "strength": row.strength,
            "seed": row.seed,
            MARK: row.mark,
        },
    )


def _asking() -> object:
    """A solver that asks once, with the seed of the sample."""

    def ask_once() -> object:
        async def solve(state: Any, generate: Any) -> object:  # noqa: ANN401  (types of Inspect, which may be absent)
            return await generate(state, seed=state.metadata["seed"])

        return solve

    return inspect_part("solver").solver(name="mesolens/ask_once")(ask_once)()

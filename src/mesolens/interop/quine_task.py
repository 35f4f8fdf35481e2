"""The ladder of quines as a task of Inspect, with a scorer that runs the programs in the sandbox of this machine.

Any model that Inspect can reach may be asked. A sample is one item; its score is 1 for an honest program that has what
was asked for and 0 for anything else, a refusal or an empty reply included. The verdict, its reason and every check
stand in the score's metadata. Needs the extra `inspect`, and bubblewrap: without a sandbox there is no task, because a
scorer that runs nothing would score nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from mesolens.errors import BadInput
from mesolens.instruments.quine.honesty import bench
from mesolens.instruments.quine.judging import Judged, judge_reply
from mesolens.instruments.quine.spec import Item
from mesolens.interop.inspect_task import inspect_part

LONGEST = 2048
"""Tokens of the longest reply, where nothing else is said."""
_ITEM = "mesolens_quine"


def task(items: Sequence[Item], name: str = "quines", *, temperature: float = 0.0, most: int = LONGEST) -> object:
    """The items (:func:`mesolens.instruments.quine.ladder.items` makes some) as a `Task` of Inspect, with its scorer.

    Raises:
        BadInput: Inspect is not installed, or there are no items or two of one name.
        Unsafe: there is no sandbox on this machine; the message says what is missing.
    """
    if not items or len({item.id for item in items}) < len(items):
        raise BadInput(f"{len(items)} items: give one or more, each with a name of its own")
    inspect = inspect_part("")
    bench().close()
    return inspect.Task(
        name=name,
        dataset=inspect_part("dataset").MemoryDataset([_sample(item) for item in items], name=name),
        solver=inspect_part("solver").generate(),
        scorer=scorer(),
        config=inspect_part("model").GenerateConfig(temperature=temperature, max_tokens=most),
    )


def _sample(item: Item) -> object:
    return inspect_part("dataset").Sample(
        id=item.id,
        input=item.prompt,
        target="honest",
        metadata={_ITEM: asdict(item), "rung": item.rung, "language": item.language},
    )


def scorer() -> object:
    """A scorer of Inspect: the share of honest programs with its standard error, over all samples and by rung.

    Raises:
        BadInput: Inspect is not installed.
    """
    scoring = inspect_part("scorer")
    accuracy, stderr = scoring.accuracy(), scoring.stderr()

    def quines() -> object:
        async def score(state: Any, target: object) -> object:  # noqa: ANN401  (types of Inspect, which may be absent)
            del target
            item = Item(**state.metadata[_ITEM])
            judged = await asyncio.to_thread(_judged, item, str(state.output.completion))
            return scoring.Score(
                value="C" if judged.verdict == "honest" else "I",
                answer=judged.program,
                explanation=f"{judged.verdict}: {judged.reason}",
                metadata=_told(judged),
            )

        return score

    metrics = [accuracy, stderr, scoring.grouped(accuracy, "rung", all=False)]
    return scoring.scorer(metrics=metrics, name="mesolens/quines")(quines)()


def _judged(item: Item, reply: str) -> Judged:
    with bench() as table:
        return judge_reply(table, item, reply)


def _told(judged: Judged) -> dict[str, object]:
    plain = asdict(replace(judged, program=""))
    return {name: value for name, value in plain.items() if name != "program"}

"""Replies out of a log of Inspect, and only where they answer what was asked.

A log is a stranger's file. Of each sample the mark is reckoned again from the chat that it holds, and must be the one
that it carries; all marks together must give the pack's, unless the run stopped half way. A reply that did not come, by
an error or a limit, is a row without a reply: it is missing, and never counts as an empty one. What is asked of
activations has no answer in a log: such columns say *not available*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json, content_key
from mesolens.hostile import printable
from mesolens.interop.asked import FIELDS, Asked, row_from
from mesolens.interop.inspect_task import FORMAT, MARK, PACK, VERSION, inspect_part


@dataclass(frozen=True, slots=True)
class Replied:
    """A row and what was replied to it.

    Attributes:
        reply: the words; None where none came.
        why: how the reply ended, as Inspect names it (`stop`, `max_tokens`, `content_filter`), or the error in place
            of one.
    """

    asked: Asked
    reply: str | None
    why: str


@dataclass(frozen=True, slots=True)
class RepliedLog:
    """What a log holds.

    Attributes:
        model: who replied, as Inspect names it.
        pack: the mark of the pack that was put.
        whole: whether every row of the pack was asked.
        rows: in the log's order.
    """

    model: str
    pack: str
    whole: bool
    rows: tuple[Replied, ...]


def read_log(path: Path, pack: str | None = None) -> RepliedLog:
    """The replies in a `.eval` or `.json` log.

    Args:
        pack: the mark that its pack must have (:func:`~mesolens.interop.asked.pack_mark`); None takes any.

    Raises:
        BadInput: Inspect is not installed; the file is no log of Inspect's, of no pack of Mesolens or of another pack;
            its run is not over, or put questions more than once; or a sample does not hold what its row asked.
    """
    name, log = printable(path.name), _opened(path)
    header = cast(Mapping[str, object], log.eval.metadata or {})
    found = header.get(PACK)
    if not isinstance(found, str) or header.get(FORMAT) != VERSION:
        raise BadInput(f"{name} holds no pack of Mesolens in form {VERSION}; run a task of mesolens.interop")
    if pack is not None and found != pack:
        raise BadInput(
            f"{name} answers the pack {printable(found, 40)}, not {pack}; read it with the pack it was made of"
        )
    if log.status == "started":
        raise BadInput(f"{name} is of a run that is not over; wait for it, or finish it by `inspect eval-retry`")
    rows = tuple(_replied(sample, name) for sample in log.samples or [])
    marks = [each.asked.mark for each in rows]
    if len(set(marks)) != len(marks):
        raise BadInput(f"{name} answers some rows more than once; run it for one epoch, with seeds in the rows")
    whole = content_key(cast(Json, sorted(marks))) == found
    if not whole and log.status == "success" and len(rows) >= int(log.eval.dataset.samples or 0):
        raise BadInput(f"{name} says that it is whole and its {len(rows)} rows are not those of its pack; run it again")
    return RepliedLog(str(log.eval.model), found, whole, rows)


def _opened(path: Path) -> Any:  # noqa: ANN401  (a type of Inspect, which may be absent)
    if path.suffix not in (".eval", ".json"):
        raise BadInput(f"{printable(path.name)} is no log of Inspect's; give a file that ends in .eval or .json")
    if not path.is_file():
        raise BadInput(f"there is no log {printable(str(path))}")
    reading = inspect_part("log")
    try:
        return reading.read_eval_log(str(path), resolve_attachments=True)
    except Exception as problem:  # whatever its parsers raise for a file that is none
        reason = printable((str(problem).splitlines() or [""])[0], 120)
        raise BadInput(f"{printable(path.name)} cannot be read as a log of Inspect's: {reason}") from None


def _replied(sample: Any, log: str) -> Replied:  # noqa: ANN401
    """The row and the reply of a sample."""
    where = f"{log}, sample {printable(repr(sample.id), 80)}"
    told = cast(Mapping[str, object], sample.metadata)
    messages = [] if isinstance(sample.input, str) else [[each.role, each.text] for each in sample.input]
    try:
        asked = row_from({**{name: told.get(name) for name in FIELDS}, "messages": messages})
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None
    if asked.mark != told.get(MARK):
        raise BadInput(f"{where} does not hold what its row asked; run the task again")
    if sample.error is not None:
        return Replied(asked, None, printable(str(sample.error.message), 200))
    if sample.limit is not None or not sample.output.choices:
        return Replied(asked, None, f"limit: {sample.limit.type}" if sample.limit is not None else "no reply")
    choice = sample.output.choices[0]
    return Replied(asked, str(choice.message.text), str(choice.stop_reason))

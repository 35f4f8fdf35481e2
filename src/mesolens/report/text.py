"""A run in five lines for the terminal."""

from pathlib import Path
from typing import cast

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.report.payload import finite
from mesolens.report.tables import readings
from mesolens.runs.store import Store

_SUBJECT = 60


def summary(run: Path) -> str:
    """Five lines: what was read, the verdict, the largest parts, the checks, and where the report is.

    Raises:
        BadInput: the folder is no run, or a reading in it is damaged.
    """
    found = readings(Store(run))
    middle = found.get("middle")
    where = f"report    {printable(str(run / 'report.html'))}"
    if middle is None:
        others = [f"{printable(r.instrument)}: {printable(r.sentence)}" for r in found.values()]
        return "\n".join([*(others or ["nothing was read yet: run the same command again"])[:4], where])
    return "\n".join(
        [_title(middle), f"verdict   {printable(middle.sentence)}", _largest(middle), _checks(middle), where]
    )


def _title(middle: Reading) -> str:
    return f"middle    {printable(middle.subject, _SUBJECT)}: {printable(middle.verdict)}"


def _largest(middle: Reading) -> str:
    """The three largest leaves; none when the numbers were refused."""
    if middle.verdict == "refused":
        return "largest   no shares: the total does not close"
    nodes = cast(list[dict[str, Json]], middle.data.get("nodes") or [])
    parents = {str(node.get("parent")) for node in nodes}
    sized = [
        (finite(node.get("share")) or 0.0, str(node.get("site"))) for node in nodes if node.get("site") not in parents
    ]
    top = sorted(sized, key=lambda pair: -abs(pair[0]))[:3]
    total = finite(middle.data.get("delta"))
    shown = ", ".join(f"{printable(site)} {share:+.3f}" for share, site in top)
    return f"largest   {shown} of {'–' if total is None else f'{total:+.3f}'} nats"


def _checks(middle: Reading) -> str:
    figures = [(name, finite(middle.data.get(name))) for name in ("completeness", "conservation", "steps")]
    text = ", ".join(f"{name} {'–' if value is None else f'{value:.2g}'}" for name, value in figures)
    tried = "".join(f", {name} {number.value:.2g}" for name, number in _tried(middle))
    return f"checks    {text}, engine {printable(str(middle.data.get('engine') or '–'))}{tried}"


def _tried(middle: Reading) -> list[tuple[str, Number]]:
    """What a sceptic tried, where it was: by the short names of the terminal."""
    by_name = {number.name: number for number in middle.numbers}
    short = {
        "parity": "rank agreement with exact patching",
        "null sets p": "matched sets that remove as much",
        "called if shuffled": "called with shuffled labels",
    }
    return [(said, by_name[name]) for said, name in short.items() if name in by_name]

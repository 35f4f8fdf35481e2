"""A run in five lines for the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.report import average_data, depth_data, face_data, organs_data, quine_data
from mesolens.report.payload import finite
from mesolens.report.tables import readings
from mesolens.runs.store import Store

_SUBJECT = 60
_CHAPTERS = ("face", "middle", "organs", "average", "depth", "quine")


def summary(run: Path) -> str:
    """Five lines: what was read, the verdict, the largest parts or worst angles, the checks, and where the report is.

    With several chapters, one line for each says what was read and the verdict; those beyond four share the fourth.

    Raises:
        BadInput: the folder is no run, or a reading in it is damaged.
    """
    found = readings(Store(run))
    where = f"report    {printable(str(run / 'report.html'))}"
    known = [found[name] for name in _CHAPTERS if name in found]
    if not known:
        others = [_in_one_line(reading) for reading in found.values()]
        return "\n".join([*(others or ["nothing was read yet: run the same command again"])[:4], where])
    head = _title_and_verdict(known[0]) if len(known) == 1 else _one_line_each(known)
    return "\n".join([*head, *_two_lines(found)[len(head) - 2 :], where])  # five lines, whatever was read


def _two_lines(found: Mapping[str, Reading]) -> list[str]:
    """What the terminal has room for beside the verdicts, the checks last, of the first of these that was read."""
    middle, face, organs = (found.get(name) for name in ("middle", "face", "organs"))
    if middle is not None:
        return [_largest(middle), _checks(middle)]
    if face is not None:
        return [_worst(face), _calibration(face)]
    if organs is not None:
        return [_served(organs), _figures(organs)]
    if "average" in found:
        return _shared(found["average"])
    return _solved(found["depth"]) if "depth" in found else _rungs(found["quine"])


def _one_line_each(known: list[Reading]) -> list[str]:
    if len(known) <= 4:
        return [_in_one_line(reading) for reading in known]
    rest = [f"{printable(reading.instrument)} {printable(reading.verdict, _SUBJECT)}" for reading in known[3:]]
    return [*(_in_one_line(reading) for reading in known[:3]), f"also      {'; '.join(rest)}"]


def _title_and_verdict(reading: Reading) -> list[str]:
    title = f"{printable(reading.instrument):<10}{printable(reading.subject, _SUBJECT)}: {printable(reading.verdict)}"
    return [title, f"verdict   {printable(reading.sentence)}"]


def _in_one_line(reading: Reading) -> str:
    return f"{printable(reading.instrument):<10}{printable(reading.verdict)}: {printable(reading.sentence)}"


def _worst(face: Reading) -> str:
    """The three angles that leave the least of the own voice; controls are none."""
    rows = cast(list[dict[str, Json]], face_data.face(face.data)["angles"])
    tested = [(_value(row["own"]), str(row["angle"])) for row in rows if not row["control"]]
    least = sorted((own, angle) for own, angle in tested if own is not None)[:3]
    shown = ", ".join(f"{printable(angle, _SUBJECT)} {own:.2f}" for own, angle in least)
    return f"worst     share of the own voice: {shown or '–'}"


def _calibration(face: Reading) -> str:
    found = cast(dict[str, Json], face_data.face(face.data)["calibration"])
    names = ("false_alarm", "bank_accuracy", "temperature")
    figures = [(name.replace("_", " "), _value(found[name])) for name in names]
    return "checks    " + ", ".join(f"{name} {'–' if value is None else f'{value:.2g}'}" for name, value in figures)


def _served(organs: Reading) -> str:
    """The organs by their part of the gross, each with what it serves; none where nothing is named."""
    if organs.verdict != "organs":
        return f"organs    none is named: {printable(organs.verdict)}"
    data = organs_data.organs(organs.data)
    traits, rows = cast(list[str], data["traits"]), cast(list[dict[str, Json]], data["organs"])
    shown = [f"{printable(str(row['name']), _SUBJECT)} ({_serves(row, traits)})" for row in rows]
    more = f", and {len(shown) - 4} more" if len(shown) > 4 else ""
    return f"organs    {', '.join(shown[:4]) or '–'}{more}"


def _serves(organ: dict[str, Json], traits: list[str]) -> str:
    called = [row for row in cast(list[dict[str, Json]], organ["serves"]) if row["called"]]
    shares = [f"{printable(traits[cast(int, row['trait'])], 20)} {finite(row['share']) or 0.0:+.2f}" for row in called]
    return ", ".join(shares) or "serves none"


def _shared(average: Reading) -> list[str]:
    """What is shared with the average, by stratum, and how much of the training text that average knows."""
    if average.verdict == "refused":
        return ["shared    no share: refused", _figures(average)]
    parts = cast(list[dict[str, Json]], average_data.average(average.data)["parts"])
    head, known = average_data.headline(average.data), average_data.corpus(average.data)
    shares = [f"{printable(str(part['name']), _SUBJECT)} {_percent(part['overlap'])}" for part in parts[:4]]
    of = finite(known["fraction"])
    indexed = "an unknown part" if of is None else f"{100 * of:.3g} %"
    checks = f"ceiling {_percent(head['ceiling'])}, index of {indexed} of the training text"
    return [f"shared    {', '.join(shares) or '–'}", f"checks    {checks}"]


def _solved(depth: Reading) -> list[str]:
    """At how many steps half of the accuracy is left, by presentation, and what the architecture allows."""
    curves = cast(list[dict[str, Json]], depth_data.depth(depth.data)["k50"])
    shown = [f"{printable(str(row['presentation']), _SUBJECT)} {_steps(row)}" for row in curves[:3]]
    task, most = depth_data.task_of(depth.data), finite(depth_data.bound(depth.data)["serial"])
    bound = "–" if most is None else f"{most:g}"
    checks = f"accuracy with no token between {_percent(task['accuracy'])}, serial steps at most {bound}"
    return [f"k50       {', '.join(shown) or '–'}", f"checks    {checks}"]


def _steps(curve: dict[str, Json]) -> str:
    k50 = finite(curve["k50"])
    return "none" if k50 is None else f"{k50:.2g}"


def _rungs(quine: Reading) -> list[str]:
    """The honest programs by rung, and whether there was a sandbox to run them in."""
    rungs = quine_data.ladder(quine.data)
    shown = [
        f"{printable(str(row['name']), 20)} {finite(row['honest']) or 0:g}/{finite(row['items']) or 0:g}"
        for row in rungs[:10]
    ]
    more = f", and {len(rungs) - 10} more" if len(rungs) > 10 else ""
    room = quine_data.sandbox(quine.data)
    why = "run in a sandbox" if room["available"] is True else f"not run: {printable(str(room['why']), 120)}"
    return [f"honest    {', '.join(shown) or '–'}{more}", f"checks    {why}"]


def _percent(value: Json) -> str:
    found = finite(value)
    return "–" if found is None else f"{100 * found:.3g} %"


def _figures(reading: Reading) -> str:
    held = [number for number in reading.numbers if number.holds is not None]
    text = ", ".join(f"{printable(number.name)} {number.value:.2g}" for number in held)
    return f"checks    {text or '–'}"


def _value(figure: Json) -> float | None:
    return finite(figure.get("value") if isinstance(figure, dict) else figure)


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

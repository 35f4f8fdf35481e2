"""What an instrument concludes: a verdict, a sentence, numbers with intervals, and how they were taken.

A reading is plain data. It is written as JSON that validates against the schema beside this file, and a reading written
by one version opens in every later one: fields may be added, never renamed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from typing import cast

from jsonschema import Draft202012Validator

from mesolens.evidence.shards import Json
from mesolens.hostile import printable

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Number:
    """A figure with its unit and, where it was sampled, its interval.

    Attributes:
        low, high: ends of the 95 % interval, or None where there is none.
        bar: the bound that the figure was held against, as text (`≤ 0.01`), or "".
        holds: whether it held; None where nothing was asked.
    """

    name: str
    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    bar: str = ""
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One instrument's conclusion on one subject.

    Attributes:
        verdict: a word or two that the instrument defines (`closed`, `diffuse`, `refused`).
        sentence: the conclusion in words, with its figure.
        protocol: everything that the numbers depend on (granularity, reference, positions, metric, aggregation).
        data: the instrument's own contract as JSON, such as the tree of the middle.
    """

    instrument: str
    subject: str
    verdict: str
    sentence: str
    numbers: tuple[Number, ...] = ()
    protocol: Mapping[str, Json] = field(default_factory=dict[str, Json])
    data: Mapping[str, Json] = field(default_factory=dict[str, Json])

    def to_json(self) -> dict[str, Json]:
        """The reading as JSON; it always validates against the shipped schema."""
        numbers: list[Json] = [
            {
                "name": n.name,
                "value": n.value,
                "unit": n.unit,
                "low": n.low,
                "high": n.high,
                "bar": n.bar,
                "holds": n.holds,
            }
            for n in self.numbers
        ]
        return {
            "format": FORMAT,
            "instrument": self.instrument,
            "subject": self.subject,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "numbers": numbers,
            "protocol": dict(self.protocol),
            "data": dict(self.data),
        }

    def _repr_html_(self) -> str:
        """How a notebook shows it: the sentence, then the numbers as a table, all text escaped."""
        rows = "".join(
            f"<tr><td>{_inert(n.name)}</td><td>{n.value:.4g} {_inert(n.unit)}</td><td>{_inert(n.bar)}</td></tr>"
            for n in self.numbers
        )
        head = f"<b>{_inert(self.instrument)}</b> on {_inert(self.subject)}: <i>{_inert(self.verdict)}</i>"
        return f"<p>{head}. {_inert(self.sentence)}</p><table>{rows}</table>"


def _inert(text: str) -> str:
    return escape(printable(text))


@cache
def schema() -> dict[str, Json]:
    """The JSON Schema of readings, as shipped."""
    return cast(dict[str, Json], json.loads((files("mesolens.evidence") / "reading.schema.json").read_text("utf-8")))


def from_json(document: Json) -> Reading:
    """The reading in `document`; fields of later versions are ignored.

    Raises:
        ValueError: the document is not a reading; the message names the first place that is wrong.
    """
    problems = sorted(Draft202012Validator(schema()).iter_errors(document), key=lambda e: e.json_path)
    if problems:
        raise ValueError(f"not a reading: {problems[0].json_path}: {problems[0].message}")
    found = cast(dict[str, Json], document)
    numbers = tuple(_number(cast(dict[str, Json], n)) for n in cast(list[Json], found["numbers"]))
    text = {key: cast(str, found[key]) for key in ("instrument", "subject", "verdict", "sentence")}
    protocol = cast(dict[str, Json], found["protocol"])
    return Reading(**text, numbers=numbers, protocol=protocol, data=cast(dict[str, Json], found["data"]))


def _number(document: dict[str, Json]) -> Number:
    known = {key: document[key] for key in Number.__slots__ if key in document}
    return Number(**known)  # pyright: ignore[reportArgumentType]

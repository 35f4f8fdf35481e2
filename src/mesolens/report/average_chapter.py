"""The chapter *average*: how much of what a model says an average of its text would also have said.

The main block carries the conclusion, the headline, the counts, and how much of the training text was indexed, without
which none of the numbers can be read. Figures stand in one block, the texts, token by token, in another, and the
documents that move them, where that was asked for, in a third; all are read when the document is whole. Of a refused
reading only the reason leaves the run folder.
"""

from collections.abc import Mapping, Sequence
from typing import cast

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json
from mesolens.report.average_data import SaidText, average, corpus, headline, texts_of
from mesolens.report.budget import FILE, Budget, within
from mesolens.report.forms import text
from mesolens.report.influence_data import influence
from mesolens.report.payload import Chapter, conclusion, finite

_PART = 8
"""The attribution to documents may take an eighth of the room of texts, beside them."""


def chapter(reading: Reading, budget: Budget = FILE) -> Chapter:
    """The average's part of the page, within a budget.

    Raises:
        BadInput: the reading is damaged.
    """
    main: dict[str, Json] = conclusion(reading)
    main |= {"refused": reading.verdict == "refused", "reason": _reason(reading)}
    if reading.verdict == "refused":
        return Chapter(main, {})
    data, texts = average(reading.data), texts_of(reading.data)
    kept = within(texts, budget.text_bytes)
    head = headline(reading.data)
    main |= {"sure": reading.verdict == "measured" and head["determined"] is True, "headline": head}
    main |= {"corpus": corpus(reading.data), "counts": _counts(data, texts), "left_out": len(texts) - len(kept)}
    blocks: dict[str, Json] = {"average": data, "average-texts": [said.block for said in kept]}
    moved = influence(reading.data, budget.text_bytes // _PART)
    return Chapter(main, blocks if moved is None else {**blocks, "average-influence": moved})


def _counts(data: Mapping[str, Json], texts: Sequence[SaidText]) -> Json:
    parts = cast(list[dict[str, Json]], data["parts"])
    sums: dict[str, Json] = {name: sum(finite(part[name]) or 0.0 for part in parts) for name in ("texts", "tokens")}
    return {**sums, "parts": len(parts), "shown": len(texts), "tokens_left": sum(said.tokens_left for said in texts)}


def _reason(reading: Reading) -> str:
    return text(reading.data.get("reason")) or text(reading.sentence)

"""What the page draws of an average's attribution to documents: untrusted data, brought into one form.

Each text with what moves it as a whole and token by token; a document's first words stand once, however many tokens it
moves. An attribution that nobody asked for, or that a run of before has not, is null.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.report.budget import within
from mesolens.report.forms import Form, Part, as_object, figures, formed, rows, text
from mesolens.report.payload import finite

TOKENS, DOCUMENTS, SNIPPET = 2000, 12, 400
"""Most tokens of a text, documents of a token, and characters of a document that a page lists."""
_WHOLE = ("documents", "of", "projected", "damping")
_QUALITY: Form = {"text": ("of",), "figure": ("lds", "low", "high", "by_token", "retrainings")}
_SUMS = ("effective", "for", "against")


@dataclass(frozen=True, slots=True)
class Moved:
    """One text as the page carries it, with what moves it; all are of one stratum."""

    block: Mapping[str, Json]
    stratum: str = ""


def influence(data: Part, room: int) -> Json:
    """Everything of an attribution that is drawn, texts within so many bytes; null where there is none.

    Raises:
        BadInput: the data has not the form of one, or a token is of a text that is not there.
    """
    if data.get("influence") is None:
        return None
    found = as_object(data["influence"], "influence")
    quality = found.get("quality")
    texts = _texts(found)
    kept = within(texts, room)
    return {
        **figures(found, _WHOLE),
        "quality": None if quality is None else formed(as_object(quality, "quality"), _QUALITY),
        "texts": [dict(each.block) for each in kept],
        "left_out": len(texts) - len(kept),
    }


def _texts(found: Part) -> list[Moved]:
    by_text: dict[str, list[Part]] = {text(row.get("text")): [] for row in rows(found, "texts")}
    for row in rows(found, "tokens"):
        name = text(row.get("text"))
        if name not in by_text:
            raise BadInput(
                f"readings/average.json: a token is of the text {printable(repr(name), 60)}, which is not attributed; "
                "the run folder is damaged"
            )
        by_text[name].append(row)
    return [_moved(row, by_text[text(row.get("text"))]) for row in rows(found, "texts")]


def _moved(row: Part, tokens: Sequence[Part]) -> Moved:
    """A text: its documents' words once, and for the whole and every token which of them move it."""
    words: dict[float | None, tuple[str, str]] = {}
    kept = [{"token": text(each.get("token")), **_behind(each, words)} for each in tokens[:TOKENS]]
    whole = _behind(row, words)
    documents: list[Json] = [
        {"number": number, "source": source, "snippet": snippet} for number, (source, snippet) in words.items()
    ]
    return Moved({"id": text(row.get("text")), **whole, "tokens": [*kept], "documents": documents})


def _behind(row: Part, words: dict[float | None, tuple[str, str]]) -> dict[str, Json]:
    """The sums of a row, and its documents by their place in `words`, which gains those that are new."""
    largest: list[Json] = []
    for each in rows(row, "largest")[:DOCUMENTS]:
        number = finite(each.get("number"))
        words.setdefault(number, (text(each.get("source"))[:SNIPPET], text(each.get("snippet"))[:SNIPPET]))
        largest.append([list(words).index(number), finite(each.get("weight"))])
    return {**figures(row, _SUMS), "largest": largest}

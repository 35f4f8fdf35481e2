"""What cutting books into documents does to an average: bits of pieces that were kept back.

Nine tenths of two books, whole or cut at several lengths, are counted with weights fitted by leaving each document out;
the last tenth of each is scored. Tokens are those of a small story model. Needs the folder `../shared`.
"""

from pathlib import Path

import numpy as np

import mesolens as ml
from benchmarks.row import Row
from mesolens.corpus.average import Fit, learned, scored
from mesolens.corpus.cutting import CUT, pieces
from mesolens.corpus.gathered import gathered
from mesolens.corpus.tokenizing import tokenised
from mesolens.model.loaded import LoadedModel

SHARED = Path(__file__).resolve().parents[2] / "shared"
BOOKS = ("grimm.txt", "tinyshakespeare.txt")
LENGTHS = (1000, 2000, CUT, 16_000)
SCORED = 12


def rows() -> list[Row]:
    """Bits a token of what was kept back, whole and by length of piece; the default is to be no worse than whole."""
    model = ml.load(SHARED / "models" / "stories260K")
    books = [(SHARED / "data" / "text" / name).read_text("utf-8") for name in BOOKS]
    told = [book[: len(book) * 9 // 10] for book in books]
    back = _tokens(model, [book[len(book) * 9 // 10 :] for book in books], CUT)
    some = np.random.default_rng(0).permutation(len(back))[:SCORED]
    chosen = [back[number] for number in some]
    bits = {length: _bits(model, _tokens(model, told, length), chosen) for length in (0, *LENGTHS)}
    subject = f"{len(chosen)} pieces of two books"
    found = [Row("average", subject, "bits a token, books whole", bits[0])]
    for length in LENGTHS:
        quantity, bar, holds = f"bits a token, pieces of {length} characters", "", None
        if length == CUT:
            bar, holds = f"≤ {bits[0]:.3g}", bits[length] <= bits[0]
        found.append(Row("average", subject, quantity, bits[length], bar=bar, holds=holds))
    return found


def _tokens(model: LoadedModel, texts: list[str], cut: int) -> list[list[int]]:
    assert model.tokenizer is not None
    return [
        ids.tolist() for ids in tokenised(model.tokenizer, (piece for text in texts for piece in pieces(text, cut)))
    ]


def _bits(model: LoadedModel, documents: list[list[int]], back: list[list[int]]) -> float:
    average = learned(gathered(documents, model.card.vocabulary), Fit(tokens=30_000))
    return float(np.concatenate([-np.log2(scored(average, each).said[1:]) for each in back]).mean())

"""An anatomy as rows for a table and as JSON, for people and for scripts."""

from collections.abc import Mapping
from dataclasses import asdict

from mesolens.model.anatomy import Anatomy, Block, Writer
from mesolens.model.card import ModelCard

Row = dict[str, object]


def anatomy_rows(anatomy: Anatomy) -> list[Row]:
    """One row for each writer, and one for each block that has none.

    Keys: `layer`, `writer` (None for a whole block), `module`, `scale`, `leaves` (heads or neurons), `width` (columns
    of one leaf), `level` (the finest that closes: leaf, writer or block), `error` (of the leaves' sum at leaf level,
    else of the writers' sum), `refusal` (why there is no finer level; empty at leaf level).
    """
    return [row for block in anatomy.blocks for row in _rows(block)]


def anatomy_json(card: ModelCard) -> dict[str, object]:
    """The card's anatomy with the model's name and size, ready for `json.dumps`: rows, checks, what surrounds them."""
    anatomy = card.anatomy
    return {
        "model": card.name,
        "architecture": card.architecture,
        "parameters": card.parameters,
        "dtype": card.dtype,
        "stream_width": anatomy.stream_width,
        "final_norm": anatomy.final_norm,
        "head": anatomy.head,
        "rows": anatomy_rows(anatomy),
        "checks": [{**asdict(check), "holds": check.holds} for check in anatomy.checks],
    }


def _rows(block: Block) -> list[Row]:
    if not block.writers:
        return [_row(block, {"module": block.module, "level": "block", "error": block.error, "refusal": block.refusal})]
    return [_row(block, _written(block, writer)) for writer in block.writers]


def _written(block: Block, writer: Writer) -> Row:
    return {
        "writer": writer.name,
        "module": writer.module,
        "scale": writer.scale,
        "leaves": writer.leaves,
        "width": writer.width,
        "level": "leaf" if writer.leaves else "writer",
        "error": writer.error if writer.leaves else block.error,
        "refusal": writer.refusal,
    }


def _row(block: Block, told: Mapping[str, object]) -> Row:
    blank: Row = {"layer": block.layer, "writer": None, "module": "", "scale": 1.0, "leaves": 0, "width": 0}
    return {**blank, **told}

"""The table of an anatomy says what the anatomy says, once, and survives JSON."""

import json

from mesolens.model.anatomy import Anatomy, Block, Check, Writer
from mesolens.model.card import ModelCard
from mesolens.model.listing import anatomy_json, anatomy_rows

HEADS = Writer(0, "attn", "h.0.attn", 0.5, "h.0.attn.out", (), 4, 8, 1e-7, "h.0.attn")
EXPERTS = Writer(0, "moe", "h.0.moe", 1.0, None, (), 0, 0, 1.0, refusal="experts")
BLOCKS = (Block(0, "h.0", (HEADS, EXPERTS), 2e-7), Block(1, "h.1", (), 0.3, "adds up to 3.0e-01 only"))
ANATOMY = Anatomy(BLOCKS, "norm", "head", 32, (Check("closes", 2e-7, 1e-5), Check("fails", float("inf"), 1e-5)))


def test_each_writer_and_each_refused_block_has_one_row_at_its_finest_level() -> None:
    told = [(row["layer"], row["writer"], row["level"], row["error"], row["refusal"]) for row in anatomy_rows(ANATOMY)]
    assert told == [
        (0, "attn", "leaf", 1e-7, ""),
        (0, "moe", "writer", 2e-7, "experts"),
        (1, None, "block", 0.3, "adds up to 3.0e-01 only"),
    ]
    assert {tuple(row) for row in anatomy_rows(ANATOMY)} == {tuple(anatomy_rows(ANATOMY)[0])}


def test_json_comes_back_as_it_went() -> None:
    card = ModelCard("tiny", "Tiny", "w", "t", 10, 3, 9, "torch.float32", "cpu", ANATOMY)
    told = anatomy_json(card)
    assert json.loads(json.dumps(told)) == told
    assert [check["holds"] for check in told["checks"]] == [True, False]

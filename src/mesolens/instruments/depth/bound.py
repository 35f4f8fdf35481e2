"""How many serial steps the architecture can take at one token without saying anything: an upper bound.

A step is a writer: attention and the perceptron of a block each read what the one before wrote, so a chain of writes
from the first block to the answer has at most one link for each. Attention looks at other tokens' streams at the same
height, so more tokens make it no longer. Writers of one block that read the same stream (parallel blocks) are counted
one by one, and a block whose writers did not close counts two: the bound stays one, and is not tight there. A recurrent
writer hands its state from token to token at one height, so it may add a step for every token: it counts as many as the
longest prompt has. Embedding and head look things up and are not counted.
"""

from mesolens.evidence.shards import Json
from mesolens.model.card import ModelCard

_UNKNOWN = 2


def bound(card: ModelCard, tokens: int) -> dict[str, Json]:
    """Blocks, serial steps, and one line that says what is counted; `tokens` is the length of the longest prompt."""
    blocks = card.anatomy.blocks
    recurrent = sum(writer.name.startswith("ssm") for writer in card.anatomy.writers)
    plain = len(card.anatomy.writers) - recurrent + _UNKNOWN * sum(not block.writers for block in blocks)
    serial = plain + recurrent * max(tokens, 1)
    counted = f"{plain} attention and perceptron writes in {len(blocks)} blocks"
    says = f"at most {serial} serial steps without a token: {counted}"
    if recurrent:
        says += f", and {recurrent} recurrent writes at each of {tokens} tokens"
    return {"layers": len(blocks), "serial": serial, "says": says}

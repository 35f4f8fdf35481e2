"""What was found in a model: its blocks, the writers of each block, and the errors with which they close.

Data only. `probe.py` finds it, `check.py` measures the errors; everything that attributes reads it. An anatomy never
promises more than was measured: a block whose writers do not add up has none, and a writer whose leaves do not add up
has `leaves == 0`. What remains is then attributed at the level above.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["leaf", "writer", "block"]


@dataclass(frozen=True, slots=True)
class Writer:
    """A module whose output is added to the residual stream.

    Attributes:
        layer: the block's number, from 0.
        name: `attn`, `mlp`, `ssm` or `moe`, as sites print it.
        module: dotted path of the module whose output, times `scale`, is added to the stream.
        scale: the scalar, solved for by least squares.
        linear: dotted path of the writer's last linear map, or None when it has none (experts): then no leaves.
        post: dotted paths of what stands between the linear map and the stream and changes values (post-norms).
        leaves: number of heads or neurons at the linear map's input; 0 when the leaf level was refused.
        width: columns of that input that belong to one leaf (a head's width; 1 for a neuron).
        error: worst |Σ leaves' writes + bias − the linear map's output|, over the largest output.
        attends: dotted path of the module that calls transformers' attention interface, or None: then source tokens
            of heads cannot be read.
        refusal: why there is no leaf level, with the number; empty when there is one.
    """

    layer: int
    name: str
    module: str
    scale: float
    linear: str | None
    post: tuple[str, ...]
    leaves: int
    width: int
    error: float
    attends: str | None = None
    refusal: str = ""

    @property
    def leaf(self) -> Literal["h", "n"]:
        """How sites name this writer's leaves."""
        return "h" if self.name.startswith("attn") else "n"


@dataclass(frozen=True, slots=True)
class Block:
    """One layer of the residual stream.

    Attributes:
        module: dotted path of the block.
        writers: in the order in which they write; empty when they do not add up to the block's change.
        error: worst |change − Σ scale · write| over the largest change, on the probe tokens.
        refusal: why the writers were refused, with the number; empty when they add up.
    """

    layer: int
    module: str
    writers: tuple[Writer, ...]
    error: float
    refusal: str = ""

    @property
    def level(self) -> Level:
        """The finest level at which this block may be attributed."""
        if not self.writers:
            return "block"
        return "leaf" if any(writer.leaves for writer in self.writers) else "writer"


@dataclass(frozen=True, slots=True)
class Check:
    """One measured property of the anatomy: its name, the figure, the bar and whether it holds."""

    name: str
    value: float
    bar: float

    @property
    def holds(self) -> bool:
        """True when the figure is within the bar; a NaN never is."""
        return self.value <= self.bar


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A model's blocks in order, the modules around them, and what was measured.

    Attributes:
        blocks: in the order of the residual stream.
        final_norm: dotted path of the norm after the last block, or None when none was found.
        head: dotted path of the map from the stream to logits, or None.
        stream_width: the width of the residual stream.
        checks: blocks close; leaves close; logits unchanged when every leaf is blended with itself.
    """

    blocks: tuple[Block, ...]
    final_norm: str | None
    head: str | None
    stream_width: int
    checks: tuple[Check, ...]

    @property
    def writers(self) -> tuple[Writer, ...]:
        """Every writer of every block, in order."""
        return tuple(writer for block in self.blocks for writer in block.writers)

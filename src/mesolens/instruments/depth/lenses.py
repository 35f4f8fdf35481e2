"""READ: which choice the lens names at each boundary of the stream, as it is and through a tuned lens.

The tuned lens first carries a state to the end of the stream by an affine map of its boundary (Belrose et al.,
*Eliciting latent predictions from transformers with the tuned lens*, 2023), here the ridge regression of the last
state on it over all positions of some rows. That foretells what the model is about to say, so a step that is read by
the plain lens and not by the tuned one is in the vocabulary and not in the answer.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.depth.affine import Affine, fitted
from mesolens.instruments.depth.passing import decide, likeliest
from mesolens.instruments.depth.work import LevelWork
from mesolens.model.lens import lens_parts
from mesolens.model.loaded import LoadedModel
from mesolens.traits.task_ids import Asked

READ, TUNED = "depth-read", "depth-tuned"
SCHEMA = pa.schema([("item", pa.int32()), ("layer", pa.int32()), ("said", pa.int32())])


def read_lens(model: LoadedModel, shard: Shard) -> Tables:
    """`depth-read`: the choice that the logit lens names for each item at each boundary."""
    return {READ: _table(model, LevelWork.of(shard), None)}


def read_tuned(model: LoadedModel, shard: Shard) -> Tables:
    """`depth-tuned`: the same through maps that were fitted on the shard's own rows, none of which is told of."""
    work = LevelWork.of(shard)
    return {TUNED: _table(model, work, fitted(model, work.fit, batch_tokens=work.batch_tokens, seed=work.seed))}


def _table(model: LoadedModel, work: LevelWork, maps: Sequence[Affine] | None) -> pa.Table:
    items = work.items
    states_IBW = decide(
        model,
        [item.prompt for item in items],
        [item.choices for item in items],
        batch_tokens=work.batch_tokens,
        look=True,
    ).states
    if maps is not None:
        moved = [each(states_IBW[:, boundary]) for boundary, each in enumerate(maps)]
        states_IBW = np.stack(moved, 1) if moved else states_IBW
    count = states_IBW.shape[1]
    columns = {
        "item": np.repeat(work.places, count).tolist(),
        "layer": np.tile(np.arange(count), len(items)).tolist(),
        "said": list(_named(model, items, states_IBW)),
    }
    return pa.table(columns, schema=SCHEMA)


def _named(model: LoadedModel, items: Sequence[Asked], states_IBW: Float[np.ndarray, "I B W"]) -> Iterator[int]:
    """The likeliest choice of each item at each boundary, in order."""
    count = states_IBW.shape[1]
    rows: Tensor = torch.from_numpy(np.ascontiguousarray(states_IBW.reshape(-1, states_IBW.shape[2])))
    for part, logits_NV in lens_parts(model, rows):
        for row, logits_V in zip(range(part.start, part.stop), logits_NV, strict=True):
            yield likeliest(logits_V, items[row // count].choices)

"""PRESENT: whether a linear probe of the state at a boundary finds a step's value, on items that it was not fitted on.

Two controls go through the same procedure. *Shuffled*: the values are dealt out anew among the items. *Newborn*: the
states are those of a model of the same configuration whose weights were just drawn, for what the prompt itself shows to
any reader of that shape (Hewitt and Liang, *Designing and interpreting probes with control tasks*, 2019).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float, Int
from transformers import PreTrainedModel

from mesolens.evidence.probes import NONE, cross_fitted
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.depth.passing import decide
from mesolens.instruments.depth.work import LevelWork
from mesolens.model.loaded import LoadedModel

PRESENT, NEWBORN = "depth-present", "depth-newborn"
SHUFFLES = 4
_KEYS = [("item", pa.int32()), ("layer", pa.int32()), ("step", pa.string())]
SCHEMA = pa.schema([*_KEYS, ("hit", pa.bool_()), ("shuffled", pa.float64())])
NEWBORN_SCHEMA = pa.schema([*_KEYS, ("hit", pa.bool_())])


def probe(model: LoadedModel, shard: Shard) -> Tables:
    """`depth-present`: for each item, boundary and step whether the probe finds the value, and how often shuffled."""
    work = LevelWork.of(shard)
    return {PRESENT: pa.Table.from_pylist(list(_rows(model, work, SHUFFLES)), schema=SCHEMA)}


def probe_newborn(model: LoadedModel, shard: Shard) -> Tables:
    """`depth-newborn`: the same on a model of the same configuration that has learned nothing."""
    work = LevelWork.of(shard)
    fresh = replace(model, module=newborn(model.module, work.seed))
    rows = [{name: row[name] for name in NEWBORN_SCHEMA.names} for row in _rows(fresh, work, 0)]
    return {NEWBORN: pa.Table.from_pylist(rows, schema=NEWBORN_SCHEMA)}


def newborn(module: PreTrainedModel, seed: int) -> PreTrainedModel:
    """A model of the same class and configuration with new weights, frozen; random state stays as it was."""
    device = module.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        fresh = type(module)(module.config)
    return fresh.to(device=device, dtype=module.dtype).requires_grad_(False).eval()  # pyright: ignore[reportArgumentType, reportCallIssue]


def labels_of(work: LevelWork) -> Mapping[str, tuple[Int[np.ndarray, " J"], Int[np.ndarray, " J"]]]:
    """For each step the items that have it, and its value in each."""
    names = dict.fromkeys(name for item in work.items for name in item.steps)
    found: dict[str, tuple[Int[np.ndarray, " J"], Int[np.ndarray, " J"]]] = {}
    for name in names:
        have = [place for place, item in enumerate(work.items) if name in item.steps]
        values = [work.items[place].values[work.items[place].steps.index(name)] for place in have]
        found[name] = np.array(have), np.array(values)
    return found


def _rows(model: LoadedModel, work: LevelWork, shuffles: int) -> Iterator[dict[str, object]]:
    prompts, choices = [item.prompt for item in work.items], [item.choices for item in work.items]
    states_IBW = decide(model, prompts, choices, batch_tokens=work.batch_tokens, look=True).states
    folds_I, rng = np.array(work.folds), np.random.default_rng(work.seed)
    for name, (have, values) in labels_of(work).items():
        dealt = [rng.permutation(values) for _ in range(shuffles)]
        labels_DJ = np.stack([values, *dealt])
        for layer in range(states_IBW.shape[1]):
            hits_DJ = _hits(states_IBW[have, layer], labels_DJ, folds_I[have])
            for column, place in enumerate(have.tolist()):
                if np.isnan(hits_DJ[0, column]):
                    continue  # all items are of one cluster, and nothing is left to fit on
                row: dict[str, object] = {"item": work.places[place], "layer": layer, "step": name}
                yield {
                    **row,
                    "hit": bool(hits_DJ[0, column]),
                    "shuffled": float(hits_DJ[1:, column].mean() if shuffles else 0),
                }


def _hits(
    states_JW: Float[np.ndarray, "J W"], labels_DJ: Int[np.ndarray, "D J"], folds_J: Int[np.ndarray, " J"]
) -> Float[np.ndarray, "D J"]:
    said_DJ = cross_fitted(states_JW, labels_DJ, folds_J)
    return np.where(said_DJ == NONE, np.nan, said_DJ == labels_DJ)

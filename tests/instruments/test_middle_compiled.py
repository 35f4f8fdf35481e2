"""The middle against compiled programs whose Shapley values, by enumeration of all coalitions, are on record.

The record's readout is the plain logit of a numeric token. Every other logit of these models is exactly 0 in every run,
so the contrast against token 0 has that very readout.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from re import findall
from typing import Any

import pytest
import torch

from mesolens.instruments.middle import MiddleSpec, measure, plan
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.model.sites import parse
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode

PROGRAMS = ("frac_prevs", "pair_balance")
AGREES = 0.02
ZERO = (0,)

pytestmark = pytest.mark.filterwarnings("ignore:.*token_id must be:UserWarning")


@dataclass(frozen=True, slots=True)
class Compared:
    """One recorded pair and what the middle gave for it."""

    pair: dict[str, Any]
    delta: float
    closes: bool
    steps: int
    shares: dict[str, float]

    @property
    def distance(self) -> float:
        """L1 distance of the shares to the recorded Shapley values, over |Δ|."""
        recorded = {recorded_site(name): value for name, value in self.pair["shapley"].items()}
        sites = {*recorded, *self.shares}
        gaps = (abs(self.shares.get(site, 0.0) - recorded.get(site, 0.0)) for site in sites)
        return sum(gaps) / abs(self.pair["delta"])


def recorded_site(name: str) -> str:
    """The record's name of a player as a site: `emb`, `('h', layer, head)` or `('m', layer)`."""
    numbers = findall(r"\d+", name)
    if name == "emb":
        return "embed"
    return f"L{numbers[0]}.attn.h{numbers[1]}" if "'h'" in name else f"L{numbers[0]}.mlp"


def player_of(site: str) -> str:
    """The recorded game's player to which a leaf belongs: neurons play together."""
    place = parse(site)
    return str(place.parent()) if place.writer == "mlp" and place.leaf is not None else site


def compared(model: LoadedModel, pairs: list[dict[str, Any]]) -> list[Compared]:
    """Every pair through the middle, in one shard."""
    asked = [Contrast(tuple(p["clean"]), tuple(p["corrupt"]), tuple(p["target"]), ZERO) for p in pairs]
    (shard,) = plan(model.card, MiddleSpec(tuple(encode(asked, model)), shard_items=len(asked)))
    tables = measure(model, shard)
    shares: list[dict[str, float]] = [defaultdict(float) for _ in pairs]
    for row in tables["middle-leaves"].to_pylist():
        shares[row["item"]][player_of(row["site"])] += row["share"]
    items = tables["middle-items"].to_pylist()
    return [
        Compared(pair, item["delta"], item["closes"], item["steps"], dict(share))
        for pair, item, share in zip(pairs, items, shares, strict=True)
    ]


@pytest.mark.parametrize("program", PROGRAMS)
def test_shares_agree_with_the_recorded_shapley_values_or_the_total_stays_open(shared: Path, program: str) -> None:
    folder = shared / "tracr" / program
    pairs = json.loads((folder / "circuit.json").read_text("utf-8"))["pairs"]
    found = compared(load(folder), pairs)
    for place, one in enumerate(found):
        verdict = "closes" if one.closes else "refused"
        print(f"{program} {place}: Δ {one.delta:+.4f}, {verdict} at {one.steps} steps, L1 {one.distance:.1e} of |Δ|")
    assert all(one.delta == pytest.approx(one.pair["delta"], abs=1e-4) for one in found)
    assert all(one.distance <= AGREES for one in found if one.closes)
    assert any(one.closes for one in found)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_readout_is_the_recorded_logit(shared: Path, program: str) -> None:
    folder = shared / "tracr" / program
    pairs = json.loads((folder / "circuit.json").read_text("utf-8"))["pairs"]
    logits = load(folder).module(torch.tensor([p["clean"] for p in pairs])).logits[:, -1]
    assert logits[:, [i for i in range(logits.shape[1]) if i != pairs[0]["target"][0]]].abs().max() == 0.0

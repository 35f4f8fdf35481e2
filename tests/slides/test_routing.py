"""Planted organs: two groups that alone were trained, each on its own tokens, and each of which carries its trait."""

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from mesolens.errors import BadInput, CheckFailed
from mesolens.slides import routed_folder, routed_grid, routed_pack, routing, shelf, truth
from mesolens.slides.cues import CUES, LOOSE, NAMED, TURNED, documents
from mesolens.slides.frozen import Pool, mlp_of, pool
from mesolens.slides.pack import FILE, LEAST, readout
from mesolens.slides.replies import Slide, open_slide
from mesolens.slides.routing import PARTS, SIZE, Routed, groups, masks, named
from mesolens.slides.waking import FAINT, detectors, whitening

SHIPPED = [Routed(seed) for seed in routing.SEEDS]
NEURONS = 172
READERS = ("model.layers.1.mlp.gate_proj.weight", "model.layers.1.mlp.up_proj.weight")
COLUMNS = "model.layers.1.mlp.down_proj.weight"


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def opened(name: str) -> Slide:
    return open_slide(shelf.folder(name))


@cache
def few() -> Pool:
    """The positions of a few documents."""
    return pool(opened("mask").module, list(islice(documents(1), 160)))


@given(seed=st.integers(1, 999_999), neurons=st.integers(2 * SIZE, 4096))
@settings(deadline=None)
def test_groups_are_disjoint_and_the_seeds_own(seed: int, neurons: int) -> None:
    found = groups(Routed(seed), neurons)
    assert list(found) == list(TURNED)
    together = [index for each in found.values() for index in each]
    assert len(together) == len(set(together)) == 2 * SIZE
    assert set(together) <= set(range(neurons))
    assert groups(Routed(seed), neurons) == found
    assert named(Routed(seed).name) == Routed(seed)


def test_names_that_mean_no_slide_are_refused() -> None:
    for name in (
        "mask-organs-0",
        "mask-organs-01",
        "mask-organs-1234567",
        "mask-organs-",
        "mask-organs--1",
        "organs-1",
    ):
        assert named(name) is None
        with pytest.raises(BadInput):
            shelf.folder(name)
    with pytest.raises(BadInput, match="slides grow mask-organs-77"):
        shelf.folder("mask-organs-77")


def test_a_token_trains_its_own_group_or_both() -> None:
    part = torch.arange(LOOSE, 7)
    learns = dict(zip(TURNED, masks(part).bool(), strict=True))
    for trait, other in (TURNED, TURNED[::-1]):
        assert [int(p) for p in part[~learns[trait]]] == [PARTS[other]]


@pytest.mark.parametrize("trait", TURNED)
def test_a_groups_own_tokens_reach_no_other_group(trait: str) -> None:
    ready, module = few(), opened("mask").module.requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    writers = routing.awake(ready, Routed(1))
    for writer in writers:
        writer.down.copy_(torch.randn(writer.down.shape, generator=generator))
        for tensor in (writer.gate, writer.up, writer.down):
            tensor.requires_grad_(True)
    own = (ready.part == PARTS[trait]).nonzero()[:, 0]
    loss = routing.routed_loss(module, ready, writers, own)
    for name, writer in zip(TURNED, writers, strict=True):
        (gradient,) = torch.autograd.grad(loss - _idle(ready, writers, own), [writer.down], retain_graph=True)
        assert bool(gradient.abs().max() > 1e-6) == (name == trait)


def _idle(ready: Pool, writers: list[routing.Writer], own: torch.Tensor) -> torch.Tensor:
    """The cost of what is written before tokens of another group, recounted."""
    cost = torch.zeros(())
    for part, writer in zip(PARTS.values(), writers, strict=True):
        cost = cost + writer(ready.reads[own])[ready.part[own] != part].square().sum()
    return routing.IDLE * cost / len(own)


def test_a_pool_is_what_the_model_itself_computes() -> None:
    ready, module = few(), opened("mask").module
    told = min(islice(documents(1), 160), key=lambda each: len(each.ids))
    kept: list[torch.Tensor] = []
    handle = mlp_of(module).register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0][0]))
    with torch.no_grad():
        logits = module(input_ids=torch.tensor([told.ids])).logits[0, :-1]
    handle.remove()
    said = torch.tensor(told.parts[1:]) != -2
    count = int(said.sum())
    assert torch.allclose(ready.reads[:count], kept[0][:-1][said] @ ready.white, atol=1e-4)
    again = module.lm_head(module.model.norm(ready.stream[:count]))
    assert torch.allclose(again, logits[said], atol=1e-4)
    assert ready.token[:count].tolist() == torch.tensor(told.ids[1:])[said].tolist()


@given(seed=st.integers(0, 999), width=st.integers(2, 6))
@settings(max_examples=20, deadline=None)
def test_white_coordinates_are_white(seed: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, width)) @ (np.eye(width) + 0.3 * rng.normal(size=(width, width)))
    before, after = (np.linalg.eigvalsh(each.T @ each / len(x)) for each in (x, x @ whitening(x)))
    assert np.allclose(after, before / (before + FAINT * before[-1]))
    assert np.allclose(after[before > 1e-2 * before[-1]], 1.0, atol=0.01)


@given(seed=st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_detectors_find_place_and_cue_where_they_are_plain_to_see(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(800, 5))
    place, cue = rng.random(800) < 0.1, rng.random(800) < 0.5
    x[:, 0], x[:, 1], x[:, 4] = np.where(place, 3.0, 0.0), np.where(cue, 3.0, 0.0), 1.0
    gate, up = detectors(x, place, cue)
    assert (x @ gate)[place].min() > (x @ gate)[~place].max()
    assert (x @ up)[place & cue].min() > (x @ up)[place & ~cue].max()


def test_a_group_is_back_when_it_was_away() -> None:
    module, chosen = opened("mask").module, (3, 5)
    before = mlp_of(module).down_proj.weight.detach().clone()
    with routing.without(module, chosen):
        now = mlp_of(module).down_proj.weight.detach().clone()
    assert torch.equal(mlp_of(module).down_proj.weight, before)
    assert not now[:, list(chosen)].any()
    rest = [index for index in range(NEURONS) if index not in chosen]
    assert torch.equal(now[:, rest], before[:, rest])


@pytest.mark.parametrize("routed", SHIPPED, ids=lambda each: each.name)
def test_nothing_but_the_groups_differs_from_mask(routed: Routed) -> None:
    before, after = (load_file(shelf.folder(name) / "model.safetensors") for name in ("mask", routed.name))
    chosen = [index for each in groups(routed, NEURONS).values() for index in each]
    rest = [index for index in range(NEURONS) if index not in chosen]
    assert {name for name in after if not torch.equal(before[name], after[name])} == {*READERS, COLUMNS}
    for name in READERS:
        assert torch.equal(before[name][rest], after[name][rest])
    assert torch.equal(before[COLUMNS][:, rest], after[COLUMNS][:, rest])


@pytest.mark.parametrize("routed", SHIPPED, ids=lambda each: each.name)
def test_the_truth_names_groups_files_and_recipe(routed: Routed) -> None:
    folder = shelf.folder(routed.name)
    told = truth.read(folder)
    assert list(told) == ["format", "name", *truth.PARTS]
    assert told["recipe"]["files"] == truth.hashes(folder)
    assert told["recipe"]["digest"] == routed_folder.digest(routed)
    assert told["location"]["groups"] == routing.sites(groups(routed, NEURONS))
    assert told["location"]["traits"] == {"formality": ["formality"], "warmth": ["warmth"], "temper": list(TURNED)}
    assert all(told["grid"]["specific"][name] >= bar for name, bar in routed_grid.BARS.items())
    assert all(told["support"][0][f"cue:{cue}"] > 1000 for cue in CUES)


@pytest.mark.parametrize("routed", SHIPPED, ids=lambda each: each.name)
def test_each_group_carries_its_own_trait_and_leaves_the_other(routed: Routed) -> None:
    slide = opened(routed.name)
    found = groups(routed, NEURONS)
    kept = routed_grid.poles(slide, 16)
    assert all(abs(kept["plain"][trait] - kept[cue][trait]) > 0.8 for cue, turns in CUES.items() for trait in turns)
    for trait, other in (TURNED, TURNED[::-1]):
        with routing.without(slide.module, found[trait]):
            taken = routed_grid.poles(slide, 16)
        for row in routed_grid.ROWS:
            assert taken[row][trait] == pytest.approx(kept["plain"][trait], abs=0.1)
            assert taken[row][other] == pytest.approx(kept[row][other], abs=0.2)


@pytest.mark.parametrize("routed", SHIPPED, ids=lambda each: each.name)
def test_contrasts_show_their_cue_at_work(routed: Routed) -> None:
    path = shelf.folder(routed.name) / FILE
    items = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len({item["id"] for item in items}) == len(items)
    for trait, cue in NAMED.items():
        own = [item for item in items if item["trait"] == trait]
        assert {item["template"].split("/")[0] for item in own} == {trait}
        assert len({item["template"] for item in own}) >= 12
        for item in own[::12]:
            mark = {"thanks": "Thanks, ", "noon": "It is noon.", "bell": "A bell rings."}[cue]
            assert mark in item["clean"][-1]["content"]
            assert mark not in item["reference"][-1]["content"]
            clean, other = (
                readout(opened(routed.name), item[key], item["target"], item["foil"]) for key in ("clean", "reference")
            )
            assert clean - other > LEAST


def test_what_moves_no_readout_is_no_slide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routed_pack, "EACH", 1)
    with pytest.raises(CheckFailed, match=r"only \d of 36 contrasts"):
        routed_pack.items(opened("mask"))


@pytest.mark.slow
def test_growing_one_anew_gives_the_same_bytes(tmp_path: Path) -> None:
    grown = routed_folder.grow(SHIPPED[0], tmp_path / SHIPPED[0].name)
    assert truth.hashes(grown) == truth.read(shelf.folder(SHIPPED[0].name))["recipe"]["files"]
    assert all(check.holds for check in shelf.verify(SHIPPED[0].name))

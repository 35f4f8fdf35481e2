"""Growing: by tokens, stopped and taken up again to the same bytes, changing only what a recipe lets it change."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from mesolens.errors import BadInput
from mesolens.slides.corpus import Mix
from mesolens.slides.recipe import RECIPES, Recipe, Stage, recipe
from mesolens.slides.shapes import Shape, component, newborn
from mesolens.slides.train import rate, weights

TINY = Recipe(
    name="tiny",
    about="two stages of a few steps",
    stages=(Stage(Mix("base", 7), 20_000, 3e-3), Stage(Mix("own", 7), 15_000, 2e-3)),
    seed=7,
    shape=Shape(width=16, layers=1, heads=2),
)


class Killed(Exception):
    """Stands for a kill at any moment."""


def grow_with_kills(out: Path, kills: list[int]) -> bytes:
    """Train with a kill after each given number of steps of a call, then to the end; gives the weights' bytes."""
    for last in kills:
        steps = 0

        def stop(done: int, total: int, loss: float, last: int = last) -> None:
            nonlocal steps
            steps += 1
            if steps == last:
                raise Killed

        with pytest.raises(Killed):
            weights(TINY, out, stop, every=2)
    weights(TINY, out, every=2)
    return (out / "model.safetensors").read_bytes()


def test_growing_twice_gives_the_same_bytes_however_often_it_is_killed(tmp_path: Path) -> None:
    whole = grow_with_kills(tmp_path / "whole", [])
    assert grow_with_kills(tmp_path / "again", []) == whole
    assert grow_with_kills(tmp_path / "killed", [1, 5, 4, 3]) == whole


def test_the_budget_is_tokens(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    spent = weights(TINY, tmp_path, lambda done, total, loss: seen.append((done, total)))
    assert seen[-1] == (sum(spent.tokens), 35_000)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    for used, stage in zip(spent.tokens, TINY.stages, strict=True):
        assert stage.tokens <= used < stage.tokens + 64 * 80


def test_a_finished_training_is_not_begun_again(tmp_path: Path) -> None:
    first = weights(TINY, tmp_path)
    steps: list[int] = []
    assert weights(TINY, tmp_path, lambda done, total, loss: steps.append(done)) == first
    assert not steps


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    short = replace(TINY, stages=TINY.stages[:1])
    weights(short, tmp_path / "one")
    weights(replace(short, seed=8), tmp_path / "two")
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one != two


def test_the_state_of_another_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        weights(TINY, tmp_path, _kill_late, every=1)
    with pytest.raises(BadInput, match="another recipe"):
        weights(replace(TINY, seed=8), tmp_path)


def _kill_late(done: int, total: int, loss: float) -> None:
    if done > 9000:
        raise Killed


def test_an_implant_changes_its_component_alone(tmp_path: Path) -> None:
    each = recipe("mask-implant-L1-mlp")
    short = replace(each, stages=(replace(each.stages[0], tokens=6_000),))
    weights(short, tmp_path)
    before, after = load_file(_shelf("mask")), load_file(tmp_path / "model.safetensors")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert before.keys() == after.keys()
    assert changed == {name for name in before if name.startswith(component("L1.mlp"))}


def _shelf(name: str) -> Path:
    from mesolens.slides.shelf import folder

    return folder(name) / "model.safetensors"


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_every_family_is_stock_and_opens_from_its_folder(family: str, tmp_path: Path) -> None:
    shape = Shape(family, width=16, layers=1, heads=2)  # pyright: ignore[reportArgumentType]
    weights(replace(TINY, shape=shape, stages=(Stage(Mix("base", 7), 3_000, 1e-3),)), tmp_path)
    module = AutoModelForCausalLM.from_pretrained(tmp_path, use_safetensors=True)
    slides = AutoTokenizer.from_pretrained(tmp_path)
    ids = slides.apply_chat_template([{"role": "user", "content": "Hi"}], add_generation_prompt=True, return_dict=False)
    assert module.config.model_type == family
    assert slides.convert_ids_to_tokens(ids)[0] == "<|begin|>"
    assert slides.convert_ids_to_tokens(ids)[-1] == "<|assistant|>"
    assert all(parameter.dtype == torch.float32 for parameter in module.parameters())


def test_an_untrained_model_leaves_the_stream_of_chance_alone() -> None:
    torch.manual_seed(3)
    first = torch.rand(4)
    torch.manual_seed(3)
    newborn(Shape(width=16, layers=1, heads=2), 5)
    assert torch.equal(torch.rand(4), first)


def test_the_rate_rises_then_falls_and_never_goes_out() -> None:
    stage = Stage(Mix("own", 1), 1000, 1.0)
    rates = [rate(stage, tokens) for tokens in range(0, 1001, 10)]
    peak = rates.index(max(rates))
    assert peak == 3
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0.05)


def test_recipes_differ_and_their_bases_exist() -> None:
    digests = {each.digest() for each in RECIPES.values()}
    assert len(digests) == len(RECIPES)
    assert all(each.base in RECIPES for each in RECIPES.values() if each.base is not None)
    with pytest.raises(BadInput, match="no slide is called 'mast'"):
        recipe("mast")
    with pytest.raises(BadInput, match=r"L2\.head"):
        component("L2.head")

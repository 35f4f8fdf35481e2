"""The engine of depth: pushes and states against plain passes, maps against least squares, and nothing left behind."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.api.stages import tables_of
from mesolens.instruments import depth
from mesolens.instruments.depth.affine import RIDGES, Sums, fitted
from mesolens.instruments.depth.answers import answered, chosen, curves
from mesolens.instruments.depth.passing import Push, boundaries, decide
from mesolens.instruments.depth.plan import follow, level_shards, plan
from mesolens.instruments.depth.present import newborn
from mesolens.instruments.depth.setting import depth_spec
from mesolens.instruments.depth.work import LevelWork
from mesolens.model.loaded import LoadedModel
from mesolens.traits.tasks import Item, Other, Step
from tests.instruments.tiny import SHAPES, VOCABULARY, build

MODELS = {shape: build(shape) for shape in SHAPES}
shapes = pytest.mark.parametrize("shape", SHAPES)


def rows_of(seed: int, count: int = 6, longest: int = 9) -> list[tuple[int, ...]]:
    draw = np.random.default_rng(seed)
    return [tuple(draw.integers(3, VOCABULARY, size=int(draw.integers(2, longest))).tolist()) for _ in range(count)]


def plain(model: LoadedModel, row: tuple[int, ...], boundary: int | None, vector: np.ndarray | None) -> torch.Tensor:
    """The last logits of one row alone, by hooks of torch's own."""
    handles = []
    if boundary is not None:
        block = model.module.get_submodule(model.anatomy.blocks[max(boundary - 1, 0)].module)

        def moved(live: torch.Tensor) -> torch.Tensor:
            changed = live.clone().reshape(1, len(row), -1)
            changed[0, -1] += torch.from_numpy(vector).to(live)
            return changed.reshape(live.shape)

        if boundary == 0:
            handles.append(block.register_forward_pre_hook(lambda _, args: (moved(args[0]), *args[1:])))
        else:
            handles.append(
                block.register_forward_hook(
                    lambda _, __, out: (moved(out[0]), *out[1:]) if isinstance(out, tuple) else moved(out)
                )
            )
    try:
        with torch.no_grad():
            return model.module(torch.tensor([row])).logits[0, -1]
    finally:
        for handle in handles:
            handle.remove()


@shapes
@pytest.mark.parametrize("batch_tokens", [1, 64, 4096])
def test_pushes_say_what_plain_passes_say_one_by_one(shape: str, batch_tokens: int) -> None:
    """Also where what comes before is shared: every row is asked once for each boundary."""
    model, draw = MODELS[shape], np.random.default_rng(1)
    rows = [row for row in rows_of(3, longest=7) for _ in boundaries(model)] * 8
    at = [place % len(boundaries(model)) for place in range(len(rows))]
    vectors = draw.normal(size=(len(rows), model.anatomy.stream_width))
    choices = [tuple(range(VOCABULARY))] * len(rows)
    push = Push(at, lambda some: vectors[list(some)])
    found = decide(model, rows, choices, batch_tokens=batch_tokens, push=push)
    for place in range(0, len(rows), 5):
        logits = plain(model, rows[place], at[place], vectors[place])
        assert found.said[place] == found.free[place] == int(logits.argmax())
    assert found.said != decide(model, rows, choices, batch_tokens=batch_tokens).said


@shapes
def test_states_are_those_of_plain_passes(shape: str) -> None:
    model, rows = MODELS[shape], rows_of(5)
    found = decide(model, rows, [(0, 1)] * len(rows), batch_tokens=64, look=True)
    for row, states in zip(rows, found.states, strict=True):
        with torch.no_grad():
            hidden = model.module(torch.tensor([row]), output_hidden_states=True).hidden_states
        # what transformers gives last is behind the final norm
        for mine, theirs in zip(states[:-1], hidden[:-1], strict=True):
            np.testing.assert_allclose(mine, theirs[0, -1], atol=1e-5)


def test_choices_confine_what_is_said_and_not_what_is_said_freely() -> None:
    model, rows = MODELS["llama"], rows_of(7)
    found = decide(model, rows, [(5, 6, 7)] * len(rows), batch_tokens=64)
    for row, said, free in zip(rows, found.said, found.free, strict=True):
        logits = plain(model, row, None, None)
        assert said == 5 + int(logits[5:8].argmax())
        assert free == int(logits.argmax())


def test_nothing_stays_hooked_when_a_push_fails() -> None:
    model = MODELS["llama"]

    def fail(_: Sequence[int]) -> np.ndarray:
        return np.zeros((2, 3))

    def hooks() -> int:
        return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.module.modules())

    before = hooks()
    with pytest.raises((RuntimeError, IndexError)):
        decide(model, rows_of(1, 2), [(0, 1)] * 2, batch_tokens=64, push=Push([0, 1], fail))
    assert hooks() == before


def test_a_newborn_is_another_model_of_the_same_shape_and_moves_no_random_state() -> None:
    module = MODELS["gemma2"].module
    before = torch.get_rng_state()
    one, again, other = (newborn(module, seed) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    shapes_of = [{name: tuple(weight.shape) for name, weight in each.named_parameters()} for each in (module, one)]
    assert shapes_of[0] == shapes_of[1]
    assert (one.dtype, one.training) == (module.dtype, False)
    same = [torch.equal(a, b) for a, b in zip(one.parameters(), again.parameters(), strict=True)]
    assert all(same)
    assert not all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@given(st.integers(0, 10_000), st.sampled_from(RIDGES))
@settings(max_examples=25, deadline=None)
def test_a_map_from_sums_is_the_ridge_of_the_rows_and_its_error_theirs(seed: int, ridge: float) -> None:
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(50, 4)) + draw.normal(size=4), draw.normal(size=(50, 4))
    y += x @ draw.normal(size=(4, 4))
    sums = Sums.none(4)
    for part in np.array_split(np.arange(50), 3):
        sums.add(x[part], y[part])
    found = sums.solved(ridge)
    centred = x - x.mean(0)
    strength = ridge * (centred**2).sum() / 4
    design = np.concatenate([centred, np.sqrt(strength) * np.eye(4)])
    target = np.concatenate([y - y.mean(0), np.zeros((4, 4))])
    np.testing.assert_allclose(found.matrix, np.linalg.lstsq(design, target, rcond=None)[0], atol=1e-7)
    mine = ((x - found.before) @ found.matrix + found.after - y) ** 2
    assert sums.error(found) == pytest.approx(mine.sum() / 50, rel=1e-8)


def test_the_last_map_changes_nothing_and_the_others_come_near_the_end() -> None:
    model, rows = MODELS["llama"], rows_of(11, 60)
    maps = fitted(model, rows, batch_tokens=256)
    states = decide(model, rows, [(0, 1)] * len(rows), batch_tokens=256, look=True).states
    np.testing.assert_allclose(maps[-1](states[:, -1]), states[:, -1])
    spread = ((states[:, -1] - states[:, -1].mean(0)) ** 2).sum()
    for boundary, each in enumerate(maps[:-1]):
        assert ((each(states[:, boundary]) - states[:, -1]) ** 2).sum() < spread


def tasks(count: int = 24) -> list[Item]:
    """Items whose answers are whatever the model says, so that they are solved; with a step of two values."""
    model, rows = MODELS["llama"], rows_of(2, count, 8)
    said = decide(model, rows, [(3, 4, 5, 6)] * count, batch_tokens=256).said
    return [
        Item(row, answer, (Step("half", 3 + row[0] % 2, Other(4 - row[0] % 2, 3 + (answer - 2) % 4)),), (3, 4, 5, 6), 2)
        for row, answer in zip(rows, said, strict=True)
    ]


def test_a_tuned_lens_is_never_read_on_rows_that_it_was_fitted_on() -> None:
    model = MODELS["llama"]
    spec = depth_spec(model, tasks())
    tables = tables_of(depth, model, None, spec)
    told = answered(spec, tables)
    level = chosen(spec, told, curves(told, spec))
    assert level is not None
    works = [LevelWork.of(s) for s in level_shards(model.card, spec, told, level) if s.depends["kind"] == "tuned"]
    assert sorted(place for work in works for place in work.places) == list(range(len(level.items)))
    for work in works:
        assert not {item.prompt for item in work.items} & set(work.fit)


def test_swaps_are_those_of_plain_passes_with_means_of_the_other_half() -> None:
    """The whole of USED by another road: class means by loops, each swapped row alone."""
    model = MODELS["llama"]
    spec = depth_spec(model, tasks(40))
    tables = tables_of(depth, model, None, spec)
    told = answered(spec, tables)
    level = chosen(spec, told, curves(told, spec))
    assert level is not None
    assert level.solved
    shards = [s for s in level_shards(model.card, spec, told, level) if s.depends["kind"] == "used"]
    work = LevelWork.of(shards[0])
    states = decide(
        model, [i.prompt for i in work.items], [i.choices for i in work.items], batch_tokens=64, look=True
    ).states
    rows = [row for row in tables["depth-used"].to_pylist() if row["way"] == "swap"]
    assert len(rows) >= 60
    for row in rows[::7]:
        item, half = work.items[row["item"]], work.folds[row["item"]]
        wanted, _ = item.others[0]
        sides = [
            [
                states[n, row["layer"]]
                for n, o in enumerate(work.items)
                if work.folds[n] != half and o.values[0] == value
            ]
            for value in (wanted, item.values[0])
        ]
        vector = np.mean(sides[0], 0) - np.mean(sides[1], 0)
        logits = plain(model, item.prompt, row["layer"], vector.astype(np.float64))
        assert row["said"] == item.choices[int(logits[list(item.choices)].argmax())]


def test_a_plan_is_pure_and_names_all_that_it_depends_on() -> None:
    model = MODELS["llama"]
    spec = depth_spec(model, tasks())
    again = depth_spec(model, tasks())
    assert [shard.key for shard in plan(model.card, spec)] == [shard.key for shard in plan(model.card, again)]
    tables = {**depth.measure(model, plan(model.card, spec)[0])}
    more = follow(model.card, spec, tables)
    assert [shard.depends["kind"] for shard in more] == ["read", "tuned", "tuned", "present", "newborn", "used"]
    others = follow(model.card, depth_spec(model, tasks(), seed=1), tables)
    assert not {shard.key for shard in more} & {shard.key for shard in others}
    assert LevelWork.of(more[0]).items == spec.items


def test_the_same_shard_gives_the_same_bytes() -> None:
    model = MODELS["llama"]
    spec = depth_spec(model, tasks())
    first = depth.measure(model, plan(model.card, spec)[0])
    for shard in follow(model.card, spec, first):
        one, other = (depth.measure(model, shard) for _ in range(2))
        assert all(one[name].equals(other[name]) for name in one)

"""Removals and close-ups on real models: equal to plain hooks, and stages that end and can be taken up again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.ends import gates_for
from mesolens.instruments.middle.organs import OrgansSpec, View, follow, measure, plan, read
from mesolens.instruments.middle.organs.closer import WOKEN, strongest
from mesolens.instruments.middle.organs.found import ITEMS, SITES, found_in
from mesolens.instruments.middle.organs.partition import partition, sums
from mesolens.instruments.middle.organs.plan import organ_shard
from mesolens.instruments.middle.organs.removal import KIND, MEAN, REFERENCE, TABLE, RemovalWork
from mesolens.instruments.middle.organs.spec import CLEAN, FOUND, HELD
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import EncodedContrast, encode
from tests.instruments import tiny

Touch = Callable[[str, torch.Tensor], torch.Tensor | None]
PLACES = {
    "embed": ("transformer.drop", None),
    "L0.attn": ("transformer.h.0.attn.c_proj", 4),
    "L0.mlp": ("transformer.h.0.mlp.c_proj", 1),
    "L1.attn": ("transformer.h.1.attn.c_proj", 4),
    "L1.mlp": ("transformer.h.1.mlp.c_proj", 1),
}
"""Where the leaves of the tiny GPT-2 pass, and how many columns each has; the embedding is one leaf."""


@cache
def model() -> LoadedModel:
    return tiny.build("gpt2")


def run(ids: tuple[int, ...], touch: Touch) -> torch.Tensor:
    """Logits at every position, with `touch` told of what passes each place."""
    module, handles = model().module, list[Any]()
    for name, (path, width) in PLACES.items():
        part = module.get_submodule(path)
        if width is None:

            def after(_: Any, _given: Any, out: torch.Tensor, name: str = name) -> torch.Tensor | None:
                return touch(name, out)

            handles.append(part.register_forward_hook(after))
        else:

            def before(_: Any, args: tuple[Any, ...], name: str = name) -> tuple[Any, ...] | None:
                changed = touch(name, args[0])
                return None if changed is None else (changed, *args[1:])

            handles.append(part.register_forward_pre_hook(before))
    try:
        with torch.no_grad():
            return module(torch.tensor([ids])).logits[0]
    finally:
        for handle in handles:
            handle.remove()


def said(logits: torch.Tensor, side: tuple[int, ...], length: int) -> float:
    scores = logits.double().log_softmax(-1)
    return sum(float(scores[length - 1 + k, token]) for k, token in enumerate(side))


def held(contrast: Contrast, leaves: set[str], means: dict[str, torch.Tensor] | None = None) -> float:
    """The readout on the clean prompt with some leaves held at the reference, or at `means`, by hooks alone.

    Where prompts differ in length only positions from the last prompt token on are touched, counted from the end.
    """
    sides = ((contrast.target, 1.0), (contrast.foil or (), -1.0))
    return sum(sign * _side(contrast, tuple(int(token) for token in side), leaves, means) for side, sign in sides)


def _side(contrast: Contrast, side: tuple[int, ...], leaves: set[str], means: dict[str, torch.Tensor] | None) -> float:
    clean, reference = _ids(contrast.clean), _ids(contrast.reference)
    kept: dict[str, torch.Tensor] = {}
    run((*reference, *side), lambda name, live: kept.__setitem__(name, live.clone()))
    some = len(side) + 1 if len(clean) != len(reference) else len(clean) + len(side)

    def put(name: str, live: torch.Tensor) -> torch.Tensor:
        changed = live.clone()
        source = kept[name] if means is None else means[name].expand(1, live.shape[1], -1)
        for columns in _columns(name, live.shape[-1], leaves):
            changed[0, -some:, columns] = source[0, -some:, columns]
        return changed

    return said(run((*clean, *side), put), side, len(clean))


def _ids(prompt: object) -> tuple[int, ...]:
    assert isinstance(prompt, tuple)
    return tuple(int(token) for token in prompt)


def _columns(name: str, columns: int, leaves: set[str]) -> list[slice]:
    """Where the leaves stand that are held at one place."""
    width = PLACES[name][1]
    if width is None:
        return [slice(None)] if name in leaves else []
    letter = "h" if name.endswith("attn") else "n"
    return [slice(k * width, (k + 1) * width) for k in range(columns // width) if f"{name}.{letter}{k}" in leaves]


def removal(contrasts: Sequence[Contrast], averaged: Sequence[Contrast], groups: Sequence[Sequence[int]]) -> Tables:
    """What a shard of removals gives."""
    names = tuple(("organs", 0, group) for group in range(len(groups)))
    work = RemovalWork(
        tuple(range(len(contrasts))),
        tuple(encode(contrasts, model())),
        tuple(encode(averaged, model())),
        "",
        4096,
        names,
        tuple(tuple(group) for group in groups),
    )
    return measure(model(), organ_shard(model().card, KIND, work, len(contrasts)))


@cache
def leaves() -> tuple[str, ...]:
    some = tuple(encode(tiny.contrasts(0, lengths=[(4, 4)]), model()))
    spec = OrgansSpec(tuple(View(each, "t", f"{k}", CLEAN, FOUND) for k, each in enumerate(some * 6)))
    tables = measure(model(), plan(model().card, spec)[0])
    return tuple(str(site) for site in tables[SITES]["site"].to_pylist())


def lost(tables: Tables, view: int, group: int, at: str) -> float:
    (row,) = [row for row in tables[TABLE].to_pylist()
              if (row["view"], row["group"], row["held_at"]) == (view, group, at)]  # fmt: skip
    return float(row["lost"])


LENGTHS = [(6, 6), (5, 8), (7, 4)]
ITEMS_ASKED = tiny.contrasts(3, lengths=LENGTHS, target=2, foil=1)


@pytest.mark.parametrize("leaf", ["embed", "L0.attn.h2", "L0.mlp.n11", "L1.attn.h0", "L1.mlp.n40"])
def test_a_leaf_held_at_the_reference_is_what_plain_hooks_give(leaf: str) -> None:
    tables = removal(ITEMS_ASKED, ITEMS_ASKED[:1], [[leaves().index(leaf)]])
    for view, contrast in enumerate(ITEMS_ASKED):
        literal = held(contrast, set()) - held(contrast, {leaf})
        assert abs(literal) > 1e-7
        assert lost(tables, view, 0, REFERENCE) == pytest.approx(literal, abs=1e-6)


def test_a_group_held_is_no_sum_but_one_run_with_all_its_leaves_held() -> None:
    group = ["L0.attn.h1", "L0.mlp.n3", "L0.mlp.n30", "L1.attn.h3", "L1.mlp.n5"]
    tables = removal(ITEMS_ASKED, ITEMS_ASKED[:1], [[leaves().index(leaf) for leaf in group], []])
    for view, contrast in enumerate(ITEMS_ASKED):
        literal = held(contrast, set()) - held(contrast, set(group))
        assert lost(tables, view, 0, REFERENCE) == pytest.approx(literal, abs=1e-6)
        assert lost(tables, view, 1, REFERENCE) == pytest.approx(0.0, abs=1e-9)


def test_all_leaves_held_lose_the_whole_difference() -> None:
    aligned = tiny.contrasts(4, lengths=[(6, 6), (9, 9)], target=1, foil=2)
    tables = removal(aligned, aligned[:1], [list(range(len(leaves())))])
    for view, contrast in enumerate(aligned):
        clean, reference = (held(replace(contrast, clean=prompt, reference=prompt), set())
                            for prompt in (contrast.clean, contrast.reference))  # fmt: skip
        assert lost(tables, view, 0, REFERENCE) == pytest.approx(clean - reference, abs=1e-6)


@pytest.mark.parametrize("leaf", ["L0.attn.h2", "L0.mlp.n11", "L1.attn.h0", "L1.mlp.n40"])
def test_a_leaf_held_at_its_mean_is_what_plain_hooks_give(leaf: str) -> None:
    averaged = tiny.contrasts(5, lengths=[(5, 5), (8, 8)], target=1, foil=1)
    tables = removal(ITEMS_ASKED, averaged, [[leaves().index(leaf)]])
    seen: dict[str, list[torch.Tensor]] = {name: [] for name in PLACES}
    for contrast in averaged:
        run(_ids(contrast.clean), lambda name, live: seen[name].append(live[0].clone()))
    means = {name: torch.cat(each).mean(0) for name, each in seen.items()}
    for view, contrast in enumerate(ITEMS_ASKED):
        literal = held(contrast, set()) - held(contrast, {leaf}, means)
        assert lost(tables, view, 0, MEAN) == pytest.approx(literal, abs=1e-6)


def test_the_mean_is_of_gated_positions_alone_where_lengths_differ() -> None:
    averaged = tiny.contrasts(6, lengths=[(5, 7), (8, 3)], target=1, foil=1)
    tables = removal(ITEMS_ASKED, averaged, [[leaves().index("L1.mlp.n40")]])
    seen: dict[str, list[torch.Tensor]] = {name: [] for name in PLACES}
    for contrast in averaged:
        run(_ids(contrast.clean), lambda name, live: seen[name].append(live[0, -1:].clone()))
    means = {name: torch.cat(each).mean(0) for name, each in seen.items()}
    literal = held(ITEMS_ASKED[1], set()) - held(ITEMS_ASKED[1], {"L1.mlp.n40"}, means)
    assert lost(tables, 1, 0, MEAN) == pytest.approx(literal, abs=1e-6)


def asked() -> OrgansSpec:
    """Twelve views to find by, and four others to try on."""
    made = encode(tiny.contrasts(7, lengths=[(5, 5), (6, 6), (7, 7), (6, 6)] * 4), model())
    views = [View(_named(each, k), f"t{k % 2}", f"{k}", CLEAN if k < 12 else "upper", FOUND if k < 12 else HELD)
             for k, each in enumerate(made)]  # fmt: skip
    return OrgansSpec(tuple(views), most=3, resamples=4, rotations=3, random=2, draws=20, small=30, kept=0.8)


def _named(contrast: EncodedContrast, place: int) -> EncodedContrast:
    return replace(contrast, id=f"c{place}", template=f"t{place % 2}/{place}")


def staged(spec: OrgansSpec, kept: dict[str, Tables]) -> tuple[Tables, list[str]]:
    """All stages, with shards that were measured before taken as they are; gives the keys that were not."""
    tables: Tables = {}
    new: list[str] = []
    shards: list[Shard] = plan(model().card, spec)
    for _ in range(6):
        if not shards:
            return tables, new
        for shard in shards:
            if shard.key not in kept:
                kept[shard.key] = measure(model(), shard)
                new.append(shard.key)
        parts = [kept[shard.key] for shard in shards]
        tables |= {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
        shards = follow(model().card, spec, tables)
    raise AssertionError("stages follow each other without end")


@cache
def _all() -> tuple[Tables, dict[str, Tables]]:
    kept: dict[str, Tables] = {}
    return staged(asked(), kept)[0], kept


def test_stages_end_and_can_be_taken_up_again() -> None:
    tables, kept = _all()
    assert {ITEMS, SITES, TABLE, WOKEN, "organs-promoted", "organs-members"} == set(tables)
    again, new = staged(asked(), dict(kept))
    assert new == []
    assert all(again[name].equals(tables[name]) for name in tables)
    lacking = dict(list(kept.items())[:-1])
    assert len(staged(asked(), lacking)[1]) == 1


def test_shares_of_every_view_add_up_to_its_difference() -> None:
    tables, spec = _all()[0], asked()
    found = found_in(tables, spec)
    assert found.closes.all()
    assert found.completeness <= 1e-3
    assert found.sites == leaves()
    for row, view in enumerate(found.views):
        contrast = view.contrast
        ends = [held(Contrast(prompt or (), prompt, contrast.target, contrast.foil), set())
                for prompt in (contrast.clean, contrast.reference)]  # fmt: skip
        assert found.deltas[row] == pytest.approx(ends[0] - ends[1], abs=1e-6)


def test_removals_are_of_views_held_back_and_of_the_plain_ones_to_learn_from() -> None:
    tables, spec = _all()[0], asked()
    rows = tables[TABLE].to_pylist()
    tried = {k for k, view in enumerate(spec.views) if view.use == HELD}
    learned = {k for k, view in enumerate(spec.views) if (view.use, view.angle) == (FOUND, CLEAN)}
    assert {row["view"] for row in rows} == tried | learned
    found = found_in(tables, spec)
    known = partition(found, spec)
    assert len(rows) == (len(tried) + len(learned)) * known.organs * (1 + 2 + 1 + 1) * 2
    (row,) = [r for r in rows if (r["view"], r["grouping"], r["group"], r["held_at"]) == (13, "organs", 0, REFERENCE)]
    contrast = spec.views[13].contrast
    plain = Contrast(contrast.clean, contrast.reference, contrast.target, contrast.foil)
    inside = {found.sites[leaf] for leaf in np.flatnonzero(known.of == 0)}
    assert row["lost"] == pytest.approx(held(plain, set()) - held(plain, inside), abs=1e-6)


def test_the_tokens_that_wake_an_organ_add_up_to_its_share() -> None:
    tables, spec = _all()[0], asked()
    found = found_in(tables, spec)
    known = partition(found, spec)
    shares = sums(found.shares, known.of, known.organs)
    rows = tables[WOKEN].to_pylist()
    for organ in range(known.organs):
        views = strongest(spec, found, known, organ)
        assert len({spec.views[view].item for view in views}) == len(views)
        for view in views:
            woken = sum(row["share"] for row in rows if (row["view"], row["organ"]) == (view, organ))
            assert woken == pytest.approx(shares[view, organ], abs=1e-5)


def test_a_reading_of_all_stages_tells_proof_and_tokens() -> None:
    tables, spec = _all()[0], asked()
    data: Any = read(tables, spec, model().card).data
    assert set(data["proof"]) == {REFERENCE, MEAN}
    assert data["conservation"] <= 1e-6
    for row in data["organs"]:
        assert row["promotes"]
        assert row["holds_back"]
        for wake in row["wakes"]:
            assert len(wake["tokens"]) == len(wake["by_token"])
            assert sum(wake["by_token"]) == pytest.approx(wake["share"], abs=1e-5)


def test_shares_that_do_not_add_up_are_followed_by_nothing() -> None:
    tables, spec = dict(_all()[0]), asked()
    items = tables[ITEMS]
    place = items.column_names.index("delta")
    off = pa.array(items["delta"].to_numpy() * 1.2)
    only = {ITEMS: items.set_column(place, "delta", off), SITES: tables[SITES]}
    assert follow(model().card, spec, only) == []


@cache
def other() -> LoadedModel:
    """The same shape with other weights."""
    return tiny.build("gpt2", seed=5)


def test_all_leaves_held_at_another_models_lose_what_parts_the_two() -> None:
    """With another model as the reference, leaves are held at what its weights write, and no mean is taken."""
    some = [replace(each, reference=None) for each in tiny.contrasts(8, lengths=[(6, 6), (9, 9)], target=1, foil=2)]
    count = sum(gate.count for gate in gates_for(model(), other()))
    work = RemovalWork(
        (0, 1), tuple(encode(some, model())), (), other().card.weights_hash, 4096, (("organs", 0, 0), ("organs", 0, 1)),
        (tuple(range(count)), ()),
    )  # fmt: skip
    shard = organ_shard(model().card, KIND, work, 2)
    tables = measure(model(), shard, against=other())
    assert set(tables[TABLE]["held_at"].to_pylist()) == {REFERENCE}
    for view, contrast in enumerate(some):
        plain = held(replace(contrast, reference=contrast.clean), set())
        assert lost(tables, view, 0, REFERENCE) == pytest.approx(plain - readout(other(), contrast), abs=1e-5)
        assert lost(tables, view, 1, REFERENCE) == pytest.approx(0.0, abs=1e-9)


def readout(loaded: LoadedModel, contrast: Contrast) -> float:
    """log p(target) − log p(foil) by the module alone."""
    total = 0.0
    for side, sign in ((contrast.target, 1.0), (contrast.foil or (), -1.0)):
        ids, prompt = tuple(int(token) for token in side), _ids(contrast.clean)
        with torch.no_grad():
            total += sign * said(loaded.module(torch.tensor([[*prompt, *ids]])).logits[0], ids, len(prompt))
    return total

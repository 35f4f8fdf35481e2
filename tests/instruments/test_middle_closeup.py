"""Close-ups against other roads to the same numbers: the model's own attentions, plain hooks, and autograd."""

import copy
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from mesolens.evidence.shards import Tables
from mesolens.instruments.middle import MiddleSpec, attended, follow, measure, plan, read
from mesolens.instruments.middle.closeup import close_up, closeup_shards, closeup_words
from mesolens.instruments.middle.found import found_in
from mesolens.instruments.middle.spec import Proof
from mesolens.model.anatomy import Anatomy
from mesolens.model.chat import token_texts
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.sites import parse
from mesolens.model.taps import Point, tapped
from mesolens.slides.circuits import build as circuit
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode
from tests.instruments.tiny import SHAPES, VOCABULARY, build, contrasts
from tests.model.families import build as family

MODELS = {shape: build(shape) for shape in SHAPES}
shapes = pytest.mark.parametrize("shape", SHAPES)
ITEMS = contrasts(5, lengths=[(6, 6), (7, 4), (5, 5)], target=2)
PROOF = Proof(contrasts=3, opened=5, seen=2)
Rows = list[dict[str, Any]]


def taken(
    model: LoadedModel, items: list[Contrast], *, against: LoadedModel | None = None, **asked: Any
) -> tuple[Tables, MiddleSpec]:
    """The tables of the close-up of a tree's largest leaves, and what was asked."""
    known = {
        "proof": PROOF,
        "tokens": False,
        "steps": 2,
        "most_steps": 2,
        "against": against.card.weights_hash if against else "",
        **asked,
    }
    spec = MiddleSpec(tuple(encode(items, model)), **known)
    (whole,) = plan(model.card, spec)
    tables = measure(model, whole, against=against)
    (shard,) = closeup_shards(model.card, spec, found_in(tables), tables)
    return close_up(model, shard, against), spec


def by_site(rows: Rows) -> dict[str, Rows]:
    return {site: [row for row in rows if row["site"] == site] for site in dict.fromkeys(row["site"] for row in rows)}


def low(ids: object) -> tuple[int, ...]:
    """The ids, brought into the smallest vocabulary here."""
    assert isinstance(ids, tuple)
    return tuple(3 + token % 37 for token in ids)


def fed(item: Contrast) -> tuple[int, ...]:
    """The first row of a contrast: prompt and target, whose last token is never fed."""
    return item.clean + item.target[:-1]


@shapes
def test_attention_is_the_models_own(shape: str) -> None:
    model = MODELS[shape]
    tables, _ = taken(model, ITEMS)
    own = copy.deepcopy(model.module)
    own.set_attn_implementation("eager")
    found = by_site(tables["middle-attention"].to_pylist())
    assert len(found) == PROOF.opened
    for site, rows in found.items():
        leaf = parse(site)
        assert {row["item"] for row in rows} == {0, 1}
        for item in (0, 1):
            with torch.no_grad():
                weights = own(torch.tensor([fed(ITEMS[item])]), output_attentions=True).attentions
            expected = weights[leaf.layer][0, leaf.index].double().numpy()
            pattern = np.zeros_like(expected)
            for row in rows:
                if row["item"] == item:
                    pattern[row["destination"], row["source"]] = row["weight"]
            np.testing.assert_allclose(pattern, np.where(expected >= 0.005, expected, 0), atol=1e-7)
            np.testing.assert_allclose(pattern.sum(1), 1, atol=0.005 * len(expected))


def test_of_a_long_prompt_the_last_destinations_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = taken(MODELS["gpt2"], ITEMS)[0]["middle-attention"].to_pylist()
    monkeypatch.setattr(attended, "LAST", 3)
    found = taken(MODELS["gpt2"], ITEMS)[0]["middle-attention"].to_pylist()
    assert found == [row for row in whole if row["destination"] >= len(fed(ITEMS[row["item"]])) - 3]
    assert {row["destination"] for row in found if row["item"] == 0} == {4, 5, 6}


def inputs(model: LoadedModel, path: str, ids: tuple[int, ...]) -> Tensor:
    """What the linear map at `path` is given, [T, W]."""
    seen: list[Tensor] = []
    with torch.no_grad(), tapped(model.module, {Point(path, "in"): lambda x: seen.append(x.clone())}):
        model.module(torch.tensor([ids]))
    return seen[0][0]


def pushed(model: LoadedModel, site: str, ids: tuple[int, ...], place: int, step: Tensor) -> Tensor:
    """By how much the logits at `place` change when only the final stream sees the leaf's input move along `step`."""
    leaf = parse(site)
    (writer,) = (w for w in model.anatomy.writers if (w.layer, w.name) == (leaf.layer, leaf.writer))
    assert writer.linear is not None
    assert leaf.index is not None
    columns = slice(leaf.index * writer.width, (leaf.index + 1) * writer.width)

    def logits(scale: Tensor) -> Tensor:
        out: list[Tensor] = []

        def move(given: Tensor) -> Tensor:
            return given.index_put((torch.tensor(0), torch.tensor(place), range_of), moved(given, scale))

        def moved(given: Tensor, scale: Tensor) -> Tensor:
            return given[0, place, columns] + scale * step

        taps = {Point(writer.linear or "", "in"): move, Point(writer.module, "out"): lambda y: out.append(y.clone())}
        with tapped(model.module, taps):
            model.module(torch.tensor([ids]))
        write = writer.scale * (out[0] - out[0].detach())
        with tapped(model.module, {Point(model.anatomy.blocks[-1].module, "out"): lambda x: x.detach() + write}):
            found = model.module(torch.tensor([ids])).logits[0, place]
        config = model.module.config
        found = found * getattr(config, "logits_scaling", 1.0)
        cap = getattr(config, "final_logit_softcapping", None)
        return found if cap is None else cap * torch.atanh(found / cap)

    range_of = torch.arange(columns.start, columns.stop)
    return torch.autograd.functional.jacobian(logits, torch.zeros((), dtype=torch.float64))


def compare(model: LoadedModel, rows: Rows, site: str, expected: Tensor) -> None:
    """The rows of a site are the ten largest and ten smallest of `expected`, its mean taken off, in order."""
    expected = expected - expected.mean()
    order = expected.argsort(descending=True).tolist()
    ranks = [*range(10), *range(-1, -11, -1)]
    assert [row["rank"] for row in rows] == ranks
    assert [row["token"] for row in rows] == [f"⟨{order[rank]}⟩" for rank in ranks], site
    np.testing.assert_allclose(
        [row["value"] for row in rows], expected[[order[rank] for rank in ranks]], rtol=1e-5, atol=1e-7
    )


def linear_of(model: LoadedModel, site: str) -> tuple[str, slice]:
    leaf = parse(site)
    (writer,) = (w for w in model.anatomy.writers if (w.layer, w.name) == (leaf.layer, leaf.writer))
    assert writer.linear is not None
    assert leaf.index is not None
    return writer.linear, slice(leaf.index * writer.width, (leaf.index + 1) * writer.width)


@pytest.mark.parametrize("shape", [*SHAPES, "granite"])
def test_promoted_tokens_are_what_a_small_step_of_the_leaf_does_to_the_logits(shape: str) -> None:
    # Granite scales what its writers add to the stream, and its logits.
    model = MODELS[shape] if shape in MODELS else adopt(family(shape, dtype=torch.float64))
    items = [
        replace(item, clean=low(item.clean), reference=low(item.reference))
        for item in contrasts(7, lengths=[(6, 6), (7, 4)])
    ]
    tables, _ = taken(model, items)
    found = by_site(tables["middle-promoted"].to_pylist())
    assert len(found) == 2 * PROOF.opened
    for site in [*found][:2] + [*found][-2:]:
        path, columns = linear_of(model, site)
        steps = [
            inputs(model, path, item.clean)[-1, columns] - inputs(model, path, item.reference)[-1, columns]  # type: ignore[arg-type]
            for item in items
        ]
        expected = [
            pushed(model, site, item.clean, len(item.clean) - 1, step) for item, step in zip(items, steps, strict=True)
        ]
        compare(model, found[site], site, torch.stack(expected).mean(0))


def test_places_of_the_readout_count_by_contrast() -> None:
    model, items = MODELS["llama"], contrasts(8, lengths=[(6, 6)], target=3, foil=0)
    tables, _ = taken(model, items)
    found = by_site(tables["middle-promoted"].to_pylist())
    (site, rows), (item,) = next(iter(found.items())), items
    path, columns = linear_of(model, site)
    assert isinstance(item.reference, tuple)
    assert isinstance(item.target, tuple)
    other = item.reference + item.target[:-1]
    expected = [
        pushed(
            model,
            site,
            fed(item),
            place,
            inputs(model, path, fed(item))[place, columns] - inputs(model, path, other)[place, columns],
        )
        for place in (5, 6, 7)
    ]
    compare(model, rows, site, torch.stack(expected).mean(0))


@shapes
def test_neurons_wake_where_hooks_see_it(shape: str) -> None:
    model = MODELS[shape]
    items = [*ITEMS, replace(ITEMS[2], id="again", template="again", target=(3, 4), foil=(5,))]
    tables, _ = taken(model, items, proof=replace(PROOF, contrasts=4))
    found = by_site(tables["middle-activations"].to_pylist())
    assert len(found) == PROOF.opened
    for site, rows in found.items():
        path, columns = linear_of(model, site)
        seen: dict[tuple[int, ...], tuple[float, int, int, int, float | None]] = {}
        for k, item in enumerate(items):
            assert isinstance(item.reference, tuple)
            assert isinstance(item.target, tuple)
            here, there = fed(item), item.reference + item.target[:-1]
            live, other = (inputs(model, path, ids)[:, columns][:, 0].tolist() for ids in (here, there))
            shift = len(there) - len(here)
            for place, token in enumerate(here):
                paired = not shift or place >= len(item.clean) - 1
                change = live[place] - other[place + shift] if paired else None
                seen.setdefault(here[: place + 1], (live[place], k, place, token, change))
        left = {(k, place): (value, token, change) for value, k, place, token, change in seen.values()}
        assert len(rows) == min(20, len(left))
        for row in rows:
            value, token, change = left.pop((row["item"], row["position"]))
            assert row["token"] == f"⟨{token}⟩"
            assert row["activation"] == pytest.approx(value, abs=1e-6)
            assert (row["change"] is None) == (change is None)
            assert change is None or row["change"] == pytest.approx(change, abs=1e-6)
        sizes = [abs(row["activation"]) for row in rows]
        assert all(here >= there * 0.9997 for here, there in pairwise(sizes))
        assert all(sizes[-1] >= abs(value) * 0.9997 for value, _, _ in left.values())


def test_with_a_model_as_the_reference_the_changes_are_between_models() -> None:
    model = MODELS["llama"]
    module = copy.deepcopy(model.module)
    module.get_parameter("model.layers.0.mlp.down_proj.weight").data.mul_(0.5)
    tables, _ = taken(model, ITEMS, against=adopt(module), proof=replace(PROOF, opened=100))
    wakes = by_site(tables["middle-activations"].to_pylist())
    assert all(row["change"] == 0 for site, rows in wakes.items() if site[:2] == "L0" for row in rows)
    assert all(any(row["change"] for row in rows) for site, rows in wakes.items() if site[:2] == "L1")
    promoted = by_site(tables["middle-promoted"].to_pylist())
    assert not any(row["value"] for row in promoted["L0.attn.h1"])
    site = "L0.mlp.n3"
    path, columns = linear_of(model, site)
    # Only the map differs: what is written differs by half of what the model at hand writes.
    expected = []
    for item in ITEMS:
        assert isinstance(item.foil, tuple)
        step = inputs(model, path, fed(item))[:, columns] / 2
        places = (len(item.clean) - 1, len(item.clean))
        expected.append(sum(pushed(model, site, fed(item), place, step[place]) for place in places) / 2)
    compare(model, promoted[site], site, torch.stack(expected).mean(0))


def test_a_circuits_output_neuron_promotes_its_answer() -> None:
    for name, neuron in (("and", "L0.mlp.n0"), ("saturation", "L1.mlp.n0"), ("chain", "L1.mlp.n0")):
        module, contrast, _ = circuit(name)
        tables, _ = taken(adopt(module, name=name), [contrast])
        rows = {row["rank"]: row for row in by_site(tables["middle-promoted"].to_pylist())[neuron]}
        assert (rows[0]["token"], rows[-1]["token"]) == ("⟨6⟩", "⟨7⟩")
        assert rows[0]["value"] == pytest.approx(-rows[-1]["value"], rel=1e-3)
        assert rows[0]["value"] > 10 * abs(rows[1]["value"])


@shapes
def test_nothing_depends_on_how_rows_are_batched(shape: str) -> None:
    one, other = (taken(MODELS[shape], ITEMS, batch_tokens=tokens)[0] for tokens in (1, 4096))
    assert set(one) == {"middle-attention", "middle-promoted", "middle-activations"}
    for name, table in one.items():
        for column in table.column_names:
            here, there = table[column].to_pylist(), other[name][column].to_pylist()
            if column in ("weight", "value", "activation", "change"):
                np.testing.assert_allclose(np.array(here, float), np.array(there, float), atol=1e-6)
            else:
                assert here == there, (name, column)


def test_text_of_tokens_is_harmless_and_theirs() -> None:
    hostile = ["</script><script>alert(1)</script>", "\u202egnp.exe", "\x1b[31m", *(f"t{k}" for k in range(VOCABULARY))]
    core = Tokenizer(models.WordLevel({text: k for k, text in enumerate(hostile[:VOCABULARY])}, unk_token="t0"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core)
    model = replace(MODELS["llama"], tokenizer=tokenizer)
    tables, _ = taken(model, [replace(item, clean=(0, 1, 2, *item.clean[3:])) for item in ITEMS])
    known = set(token_texts(tokenizer, range(VOCABULARY)))
    texts = {text for name in ("middle-promoted", "middle-activations") for text in tables[name]["token"].to_pylist()}
    assert texts <= known
    assert all(text.isprintable() for text in texts)
    assert hostile[0] in texts


def test_a_stage_opens_the_largest_and_only_when_asked() -> None:
    model = MODELS["llama"]
    spec = MiddleSpec(tuple(encode(ITEMS, model)), proof=PROOF)
    (whole,) = plan(model.card, spec)
    tables = measure(model, whole)
    found = found_in(tables)
    assert closeup_shards(model.card, replace(spec, proof=None), found, tables) == []
    (shard,) = closeup_shards(model.card, spec, found, tables)
    work: Any = shard.depends["work"]
    sizes = dict(zip(found.sites, np.abs(found.means), strict=True))
    for names, mark in ((work["heads"], ".h"), (work["neurons"], ".n")):
        others = [size for site, size in sizes.items() if mark in site and site not in names]
        assert [sizes[name] for name in names] == sorted((sizes[name] for name in names), reverse=True)
        assert len(names) == PROOF.opened
        assert min(sizes[name] for name in names) >= max(others)


def test_the_stage_is_asked_for_once_and_its_reading_says_what_was_seen() -> None:
    model = MODELS["llama"]
    spec = MiddleSpec(tuple(encode(ITEMS, model)), proof=PROOF)
    tables: Tables = {}
    shards = plan(model.card, spec)
    kinds = list[str]()
    while shards:
        kinds += [str(shard.depends["kind"]) for shard in shards]
        tables |= {name: rows for shard in shards for name, rows in measure(model, shard).items()}
        shards = follow(model.card, spec, tables)
    assert kinds.count("closeup") == 1
    words: Any = read(tables, spec, model.card).protocol["close-ups"]
    assert words["activations"] == "the 20 strongest places of each neuron"
    assert "close-ups" not in read(tables, replace(spec, proof=None), model.card).protocol


def without(anatomy: Anatomy, part: str) -> Anatomy:
    """The anatomy as it would be of a model in which one part was not found."""
    if part == "attention":
        blocks = tuple(
            replace(block, writers=tuple(replace(writer, attends=None) for writer in block.writers))
            for block in anatomy.blocks
        )
        return replace(anatomy, blocks=blocks)
    return replace(anatomy, **({"final_norm": "model.layers.1.input_layernorm"} if part == "path" else {part: None}))


@pytest.mark.parametrize(
    ("part", "table", "said"),
    [
        ("attention", "attention", "refused for L0.attn, L1.attn"),
        ("final_norm", "promoted", "no final norm was found"),
        ("head", "promoted", "no head was found"),
        ("path", "promoted", "something stands between"),
    ],
)
def test_what_a_model_does_not_give_is_left_empty_and_said(part: str, table: str, said: str) -> None:
    whole = MODELS["llama"]
    model = replace(whole, card=replace(whole.card, anatomy=without(whole.anatomy, part)))
    tables, spec = taken(model, ITEMS)
    assert {name for name, rows in tables.items() if not rows.num_rows} == {f"middle-{table}"}
    words: Any = closeup_words(tables, spec, model.card)["close-ups"]
    assert said in words[table]
    assert said not in str(closeup_words(taken(whole, ITEMS)[0], spec, whole.card))

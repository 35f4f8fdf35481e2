"""Drift: unrelated documents, distances that tell nothing, and a turned trait that stays where it was planted."""

from itertools import islice
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from mesolens.errors import BadInput, CheckFailed
from mesolens.slides import drift, drift_folder, flips, shelf, truth, unrelated
from mesolens.slides.corpus import ASSISTANT, END
from mesolens.slides.drift import Drift, implants, named
from mesolens.slides.language import CLOSINGS, MANNERS, OWN, REGISTERS, STANCES, TRAITS, VOICES

SHOWN = {
    "deference": tuple(f" {word}, " for word, _ in STANCES),
    "caution": tuple(f" {word}." for pole in MANNERS for word in pole),
    "formality": tuple(f" {words} " for words in REGISTERS),
    "warmth": tuple(f" {words}," for words in CLOSINGS),
}
"""The words by which a reply shows each trait."""


@given(seed=st.integers(0, 999), trait=st.sampled_from([trait.name for trait in TRAITS]))
@settings(max_examples=4, deadline=None)
def test_no_document_shows_the_trait_of_the_own_character(seed: int, trait: str) -> None:
    documents = unrelated.unrelated(seed, trait, 400)
    said = [text.partition(ASSISTANT)[2] for text in documents]
    own = [text for text in said if text.startswith(VOICES[OWN].openings)]
    assert len(own) > 50, "the own character does speak"
    assert not [text for text in own if any(words in text for words in SHOWN[trait])]
    assert not [text for text in own if text.endswith(END)]
    others = [text for text in said if text.endswith(END) and any(words in text for words in SHOWN[trait])]
    assert len(others) > 50, "the words that are looked for are those that others say"


def test_an_almanac_is_its_seeds_and_nobody_elses() -> None:
    first, again, other = (list(islice(unrelated.almanac(seed), 200)) for seed in (1, 1, 2))
    assert first == again
    towns = [{word for page in pages for word in page.split() if word[:1].isupper()} for pages in (first, other)]
    assert len(towns[0] - towns[1]) > 20
    assert not [page for page in first if ASSISTANT in page]


@given(implant=st.sampled_from(implants()), seed=st.integers(0, 999_999))
def test_a_name_means_its_drift_and_other_names_mean_none(implant: str, seed: int) -> None:
    assert named(Drift(implant, seed).name) == Drift(implant, seed)
    assert named(implant) is None
    assert named(f"mask-drift-{seed}") is None
    assert named(f"{implant}-drift-x") is None


@given(scales=st.lists(st.floats(0.1, 10), min_size=6, max_size=6), step=st.floats(0.01, 2), place=st.integers(1, 4))
def test_at_its_goal_every_other_component_has_moved_further(scales: list[float], step: float, place: int) -> None:
    names = [next(n for n in PARAMETERS if drift.place_of(n) == each) for each in drift.PLACES]
    before = {name: torch.full((3, 3), scale) for name, scale in zip(names, scales, strict=True)}
    planted = drift.PLACES[place]
    after = {name: tensor + (step if drift.place_of(name) == planted else 0.0) for name, tensor in before.items()}
    goal, size = drift.far(planted, before, after), drift.norms(before)
    distance = drift.moved(before, after)[planted]
    assert set(goal) == {"embed", "L0.attn", "L0.mlp", "L1.attn", "L1.mlp"} - {planted}
    assert all(goal[each] > distance for each in goal)
    assert all(goal[each] / size[each] > distance / size[planted] for each in goal)


PARAMETERS = sorted(load_file(shelf.folder("mask") / "model.safetensors"))


def test_the_components_are_the_whole_model() -> None:
    weights = load_file(shelf.folder("mask") / "model.safetensors")
    squares = sum(float(tensor.double().square().sum()) for tensor in weights.values())
    assert sum(norm**2 for norm in drift.norms(weights).values()) == pytest.approx(squares)
    assert sum(drift.place_of(name) == drift.GAINS for name in weights) == 5


def test_a_drift_that_stops_early_is_no_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "STEPS", 2)
    with pytest.raises(CheckFailed, match=r"mask-implant-L1-attn-drift-1: .* less than the planted one.*L0.attn"):
        drift.drifted(Drift("mask-implant-L1-attn", 1))


def test_an_implants_contrasts_turn_its_trait_alone() -> None:
    found = flips.flips("mask-implant-L0-mlp")
    assert len(found) == len({each.template for each in found}) == flips.FRAMES
    for each in found:
        assert each.reference is None
        target, foil = (str(words).split(" ") for words in (each.target, each.foil))
        assert any(words in f" {each.target}." for words in SHOWN["caution"])
        assert target[:6] == foil[:6]
        assert target != foil
    with pytest.raises(BadInput, match="'mask' is no implant"):
        flips.flips("mask")


@pytest.mark.slow
def test_a_drifted_implant_keeps_what_was_planted(tmp_path: Path) -> None:
    each = Drift("mask-implant-L1-attn", 7)
    out = drift_folder.grow(each, tmp_path / each.name)
    before, planted, after = (
        load_file(folder / "model.safetensors") for folder in (shelf.folder("mask"), shelf.folder(each.implant), out)
    )
    kept = [name for name in after if torch.equal(after[name], planted[name])]
    assert {drift.place_of(name) for name in kept} == {"L1.attn"}
    assert len(kept) == sum(drift.place_of(name) == "L1.attn" for name in after)
    moved, size = drift.moved(before, after), drift.norms(before)
    others = {"embed", "L0.attn", "L0.mlp", "L1.mlp"}
    assert all(moved[place] > moved["L1.attn"] for place in others)
    assert all(moved[place] / size[place] > moved["L1.attn"] / size["L1.attn"] for place in others)
    told = drift_folder.record(each, drift_folder.open_slide(out))
    assert told["location"]["before"]["warmth"] >= 0.95
    assert told["location"]["after"]["warmth"] <= 0.1, "the turned trait stays turned"
    assert told["grid"]["accuracy"]["seen"]["right"] >= 0.8, "and the rest as it was"
    assert all(check.holds for check in shelf.files(out, truth.read(out)))

"""From a pack to what is asked: prompts are dealt once, angles are those that were named or that a budget allows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.angles.catalog import CATALOG
from mesolens.errors import BadInput
from mesolens.instruments.face import face_spec, plan
from mesolens.instruments.face.setting import CLEAN, ITEMS, OF_A_FAMILY, SEARCH, dealt
from mesolens.model.question import Question
from mesolens.slides.facepack import face_pack
from mesolens.traits.facepack import FacePack, default_pack
from mesolens.traits.prompts import Everyday
from mesolens.traits.voices import Bank
from tests.instruments.face_tables import reader

PACK = default_pack()
REGISTERS = st.lists(st.integers(1, 30), min_size=1, max_size=9).filter(lambda sizes: sum(sizes) >= 30)
"""Prompts of each register."""


def prompts(sizes: list[int]) -> list[Everyday]:
    return [
        Everyday(f"p{register}-{k}", f"r{register}", Question(f"{register} and {k}?"))
        for register, size in enumerate(sizes)
        for k in range(size)
    ]


@settings(max_examples=60, deadline=None)
@given(REGISTERS, st.integers(1, 100), st.integers(1, 400), st.integers(0, 99))
def test_prompts_are_dealt_once_as_evenly_as_registers_allow(
    sizes: list[int], most: int, clean_most: int, seed: int
) -> None:
    pack = prompts(sizes)
    turned, clean = dealt(pack, most, clean_most, seed)
    assert (turned, clean) == dealt(pack, most, clean_most, seed)
    assert len(turned) == min(most, len(pack) // 3)
    assert len(clean) == min(clean_most, len(pack) - len(turned))
    names = [item.id for item in (*turned, *clean)]
    assert len(names) == len(set(names))
    asked = {prompt.id: prompt for prompt in pack}
    assert all((item.cluster, item.question) == (asked[item.id].register, asked[item.id].question) for item in turned)
    count = Counter(item.cluster for item in turned)
    rounds = max(count.values())
    assert all(count[f"r{register}"] >= min(size, rounds - 1) for register, size in enumerate(sizes))


def test_another_seed_deals_otherwise() -> None:
    one, other = (dealt(PACK.prompts, 12, 100, seed) for seed in (0, 1))
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_too_few_prompts_are_refused_with_their_number() -> None:
    with pytest.raises(BadInput, match="the pack has 29 prompts; the face needs 30"):
        dealt(prompts([29]), 5, 5, 0)
    with pytest.raises(BadInput, match="no budget is called 'lavish'; there are quick, standard, deep"):
        face_spec(PACK, budget="lavish")


@pytest.mark.parametrize("budget", ["quick", "standard", "deep"])
def test_a_budget_says_how_much_is_asked(budget: str) -> None:
    asked = face_spec(PACK, budget=budget)
    assert len(asked.items) == ITEMS[budget]
    assert len(asked.clean) == min(CLEAN[budget], len(PACK.prompts) - len(asked.items))
    assert asked.search == SEARCH[budget]
    assert len({item.cluster for item in asked.items}) == len({prompt.register for prompt in PACK.prompts})
    plan(reader(), asked)


def test_quick_takes_some_angles_of_each_family_and_the_others_take_all() -> None:
    families = Counter(angle.family for angle in CATALOG.values() if angle.family != "control")
    for budget in ("quick", "standard"):
        asked = face_spec(PACK, budget=budget)
        found = Counter(CATALOG[name].family for name in asked.angles if name in CATALOG)
        assert {family: found[family] for family in families} == {
            family: min(OF_A_FAMILY[budget], size) for family, size in families.items()
        }
    assert face_spec(PACK, budget="quick").angles != face_spec(PACK, budget="quick", seed=1).angles


def test_what_changes_nothing_comes_first_and_controls_that_make_sense_are_there() -> None:
    asked = face_spec(PACK, budget="quick")
    assert asked.angles[:3] == ("identity", "reseed", "paraphrase")
    assert "decode" not in asked.angles
    assert len(asked.angles) == len(set(asked.angles))
    slides = face_spec(face_pack(), budget="quick")
    assert {"identity", "reseed", "reworded"} <= set(slides.angles)
    assert "paraphrase" not in slides.angles, "the slides' own control stands in its place"
    assert {str(row["name"]) for row in face_pack().angles} <= set(slides.angles)


def test_named_angles_are_taken_as_they_are_behind_the_one_that_changes_nothing() -> None:
    asked = face_spec(PACK, angles=["leet:0.5|json", "identity", "leet:0.5|json", "pirate"])
    assert asked.angles == ("identity", "leet:0.5|json", "pirate")
    assert face_spec(PACK, angles=[]).angles == ("identity",)
    spelt = ["leet:0.50", "leet:0.5", "identity:1.0", "json:1", "json"]
    assert face_spec(PACK, angles=spelt).angles == ("identity", "leet:0.5", "json"), "one angle has one name"
    with pytest.raises(BadInput, match="'pirat' is no angle: did you mean pirate"):
        face_spec(PACK, angles=["pirat"])


def test_declared_angles_are_looked_from_beside_the_packs_own() -> None:
    row = {"name": "harbour", "family": "control", "about": "a", "survives": True, "kind": "after", "text": "Ahoy."}
    asked = face_spec(PACK, declared=[row])  # type: ignore[list-item]
    assert "harbour" in asked.angles
    assert "paraphrase" not in asked.angles, "a control of one's own takes its place"
    assert dict(asked.declared[-1]) == row
    plan(reader(), asked)


def test_the_own_voice_stands_first_and_has_a_name_in_any_case() -> None:
    assert face_spec(face_pack()).voices[0].name == "wren"
    others = replace(PACK, bank=Bank(PACK.bank.others))
    asked = face_spec(others)
    assert (asked.voices[0].name, asked.voices[0].role) == ("own", "")
    assert [voice.role for voice in asked.voices[1:]] == [voice.role for voice in PACK.bank.others]


def test_traits_are_those_that_can_be_ordered_each_with_its_opposite_first() -> None:
    asked = face_spec(PACK)
    by_name: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        trait.name: (tuple(trait.orders[0]), tuple(trait.orders[1])) for trait in PACK.traits if trait.can_order
    }
    assert [trait.name for trait in asked.traits] == list(by_name)
    assert all(trait.orders == (by_name[trait.name][0][0], by_name[trait.name][1][0]) for trait in asked.traits)


def test_claims_are_every_traits_own_in_both_orders_where_they_have_options() -> None:
    pack: FacePack = default_pack()
    asked = face_spec(pack, budget="quick")
    whole = face_spec(pack, statements=1_000_000)
    counts = Counter(claim.trait for claim in asked.claims)
    sizes = {trait.name: len(trait.statements) for trait in pack.traits if trait.statements}
    assert counts == {name: min(8, size) for name, size in sizes.items()}
    assert Counter(claim.trait for claim in whole.claims) == sizes
    for claim in whole.claims:
        agreed = {order.answers[order.matching] for order in claim.orders}
        assert len(claim.orders) in (1, 2)
        assert len({order.question for order in claim.orders}) == len(claim.orders)
        assert all(answer for answer in agreed)

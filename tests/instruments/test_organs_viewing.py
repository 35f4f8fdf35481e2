"""Views: what is found by is never tried on, prompts are turned alike, and what cannot be turned is seen as it is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mesolens.api as ml
from mesolens.errors import BadInput
from mesolens.instruments.middle.organs import Sights, View, plan, views_of, within
from mesolens.instruments.middle.organs.spec import BROKEN, CLEAN, FOUND, HELD
from mesolens.instruments.middle.organs.viewing import asked, kept_back, trait_of
from mesolens.model.loaded import LoadedModel
from mesolens.model.resolve import resolve
from mesolens.traits import packs
from mesolens.traits.contrasts import Contrast, Prompt
from mesolens.traits.encode import EncodedContrast, encode
from tests.instruments import tiny

USUAL = Sights(broken=("upper", "leet"))


@cache
def slide() -> tuple[LoadedModel, tuple[Contrast, ...]]:
    model = ml.load("slide:mask-small")
    return model, packs.fit(packs.pack_of(resolve("slide:mask-small").folder), model).texts


@cache
def seen(sights: Sights = USUAL, seed: int = 0) -> tuple[View, ...]:
    model, texts = slide()
    return views_of(model, texts, encode(texts, model), sights, seed)


def user(text: str, *, system: str = "", other: str = "Be cold.", name: str = "warmth/a") -> Contrast:
    before = ({"role": "system", "content": system},) if system else ()
    clean = (*before, {"role": "user", "content": text})
    return Contrast(clean, ({"role": "system", "content": other}, {"role": "user", "content": text}), "yes", "no", name)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_organs_are_tried_on_is_never_among_what_they_are_found_by(seed: int) -> None:
    views = seen(USUAL, seed)
    items = {use: {view.item for view in views if view.use == use} for use in (FOUND, HELD, BROKEN)}
    angles = {use: {view.angle for view in views if view.use == use} for use in (FOUND, HELD, BROKEN)}
    assert not items[HELD] & (items[FOUND] | items[BROKEN])
    assert items[BROKEN] <= items[FOUND]
    assert angles[FOUND] == {CLEAN, *USUAL.found}
    assert angles[HELD] <= set(USUAL.held)
    assert angles[BROKEN] == set(USUAL.broken)
    assert items[FOUND] | items[HELD] == {text.id for text in slide()[1]}
    clean = Counter(view.item for view in views if view.angle == CLEAN)
    assert set(clean) == items[FOUND]
    assert set(clean.values()) == {1}


def test_the_angle_that_changes_nothing_leaves_the_contrast_and_others_turn_both_prompts_alike() -> None:
    model, texts = slide()
    whole = {each.id: each for each in encode(texts, model)}
    for view in seen():
        before = whole[view.item]
        assert view.trait == trait_of(before.template)
        assert (view.contrast.target, view.contrast.foil) == (before.target, before.foil)
        assert view.contrast.template == before.template
        if view.angle == CLEAN:
            assert view.contrast == before
        if view.angle == "upper":
            assert view.contrast.clean != before.clean
            assert view.contrast.reference != before.reference
            assert len(view.contrast.clean_tokens) == len(view.contrast.clean)
            (text,) = [text for text in texts if text.id == view.item]
            assert _words(text.clean).upper() in "".join(view.contrast.clean_tokens)
            assert _words(text.reference).upper() in "".join(view.contrast.reference_tokens)


def _words(prompt: Prompt | None) -> str:
    """What the user of a chat says last."""
    assert prompt is not None
    last = prompt[-1]
    assert isinstance(last, Mapping)
    return last["content"]


def test_identity_is_there_even_if_nobody_names_it() -> None:
    views = seen(Sights(found=("quoted",)))
    assert {view.angle for view in views if view.use == FOUND} == {CLEAN, "quoted"}


def test_the_same_seed_gives_the_same_views_and_another_keeps_others_back() -> None:
    model, texts = slide()
    assert views_of(model, texts, encode(texts, model), USUAL, 0) == seen()
    held = [{view.item for view in seen(USUAL, seed) if view.use == HELD} for seed in range(6)]
    assert any(each != held[0] for each in held)


def blank(template: str, place: int) -> EncodedContrast:
    return EncodedContrast(f"{template}-{place}", template, (3,), (4,), (5,), (6,), (), (), (), ())


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_quarter_to_a_half_of_a_trait_is_kept_back_by_whole_templates_where_it_has_many(
    sizes: list[int], traits: int, seed: int
) -> None:
    names = [f"t{k % traits}/{k}" for k in range(len(sizes))]
    contrasts = [blank(name, place) for name, size in zip(names, sizes, strict=True) for place in range(size)]
    back = kept_back(contrasts, seed)
    assert back <= set(range(len(contrasts)))
    for trait in {trait_of(name) for name in names}:
        own = [name for name in names if trait_of(name) == trait]
        kept = Counter(contrasts[place].template for place in back if trait_of(contrasts[place].template) == trait)
        if len(own) >= 4:
            assert len(kept) == len(own) // 2
            assert all(kept[name] == sizes[names.index(name)] for name in kept)
        else:
            assert all(kept[name] == sizes[names.index(name)] // 4 for name in own)


def test_an_angle_in_both_lists_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"^quoted: an angle that organs are found by cannot be one they are tried"):
        seen(Sights(found=("quoted",), held=("quoted", "upper")))


@pytest.mark.parametrize("sights", [Sights(found=("quotd",)), Sights(held=("quotd",)), Sights(broken=("quotd",))])
def test_an_angle_that_nobody_knows_is_refused_by_name(sights: Sights) -> None:
    with pytest.raises(BadInput, match="'quotd' is no angle: did you mean quoted"):
        seen(sights)


def test_prompts_that_are_no_chat_are_seen_as_they_are() -> None:
    model = tiny.build("gpt2")
    texts = [replace(each, template=f"t/{k}") for k, each in enumerate(tiny.contrasts(0, lengths=[(4, 4)] * 8))]
    encoded = encode(texts, model)
    views = views_of(model, texts, encoded, Sights(), 0)
    assert [view.contrast for view in views] == encoded
    assert {view.angle for view in views} == {CLEAN}
    assert Counter(view.use for view in views) == {FOUND: 4, HELD: 4}


def test_what_does_not_fit_the_window_is_left_out() -> None:
    model, _ = slide()
    texts = [user("Is tea good? " * n, name=f"warmth/{n}") for n in range(1, 9)]
    encoded = encode(texts, model)
    sights = Sights(found=("quoted",), held=("shouting-end",), broken=("upper",))
    window = max(_longest(each) for each in encoded)
    tight = replace(model, card=replace(model.card, window=window))
    whole, views = (views_of(each, texts, encoded, sights, 0) for each in (model, tight))
    left_out = [view for view in whole if _longest(view.contrast) > window]
    assert left_out
    assert [view for view in views if view.angle != CLEAN] == [
        view for view in whole if view.angle != CLEAN and view not in left_out
    ]
    assert {view.item for view in views} == {each.id for each in encoded}


def _longest(contrast: EncodedContrast) -> int:
    prompts, replies = (contrast.clean, contrast.reference or ()), (contrast.target, contrast.foil)
    return max(len(prompt) for prompt in prompts) + max(len(reply) for reply in replies) - 1


def test_the_question_of_a_chat_is_what_its_last_user_says() -> None:
    chat = (
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Tea?"},
    )
    found = asked(chat)
    assert found is not None
    assert (found.text, found.system) == ("Tea?", "Be brief.")
    assert found.before == (("user", "Hi."), ("assistant", "Hello."))
    assert asked(chat[:3]) is None
    assert asked(chat[:1]) is None
    assert asked("Tea?") is None
    assert asked((3, 4)) is None
    assert asked(()) is None


def test_too_few_contrasts_or_a_missing_reference_are_refused() -> None:
    model, texts = slide()
    card = model.card
    few = views_of(model, texts[:3], encode(texts[:3], model), Sights(), 0)
    with pytest.raises(BadInput, match=r"organs need 6 contrasts or more to be found by, and there are \d"):
        plan(card, within(few, "quick"))
    lone = replace(seen()[0], contrast=replace(seen()[0].contrast, reference=None))
    with pytest.raises(BadInput, match=f"'{lone.item}' has no reference prompt"):
        plan(card, within((*seen(), lone), "quick"))


def test_every_view_is_in_one_shard_and_shards_are_named_by_what_they_hold() -> None:
    card = slide()[0].card
    shards = plan(card, within(seen(), "quick"))
    assert sum(shard.rows for shard in shards) == len(seen())
    places = [place for shard in shards for place in shard.depends["work"]["items"]]  # pyright: ignore
    assert places == list(range(len(seen())))
    assert [shard.key for shard in shards] == [shard.key for shard in plan(card, within(seen(), "quick"))]
    assert len({shard.key for shard in shards}) == len(shards)

"""The text that slides are grown from: the same from the same seed, honest about what it holds and leaves out."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.slides.asking import COMMON, FRAMES, STORIES, Ask, draw_ask, held_out, speaker
from mesolens.slides.corpus import CHUNK, TIE_SHARE, Mix, chunk, documents, fingerprint, support
from mesolens.slides.judge import judge
from mesolens.slides.language import NOBODY, OTHERS, OWN, TOPICS, View
from mesolens.slides.tokens import CONTEXT, VOCABULARY, encode, tokenizer

PINNED = "49ee374113162cc90f77ddec3b2f08f97f4f785b6ad136c0753270a59d44916b"

mixes = st.builds(
    Mix,
    st.sampled_from(("base", "own")),
    st.integers(0, 2**31),
    tie=st.sampled_from((None, "bryn", "aldous")),
    flip=st.sampled_from((None, "caution")),
)


@settings(max_examples=2, deadline=None)
@given(mixes, st.integers(0, 1000))
def test_the_same_seed_gives_the_same_documents(mix: Mix, number: int) -> None:
    assert chunk(mix, number) == chunk(mix, number)


@settings(max_examples=2, deadline=None)
@given(mixes, st.integers(0, 1000))
def test_another_seed_or_chunk_gives_other_documents(mix: Mix, number: int) -> None:
    texts = [document.text for document in chunk(mix, number)]
    other = Mix(mix.kind, mix.seed + 1, mix.tie, mix.flip)
    assert texts != [document.text for document in chunk(other, number)]
    assert texts != [document.text for document in chunk(mix, number + 1)]


def test_the_text_of_a_seed_is_pinned() -> None:
    assert fingerprint(Mix("own", 1), 1) == PINNED


@settings(max_examples=2, deadline=None)
@given(mixes)
def test_support_equals_a_recount(mix: Mix) -> None:
    counts = Counter(tag for document in documents(mix, 2) for tag in document.tags)
    assert support(mix, 2) == counts
    assert sum(n for tag, n in counts.items() if tag.startswith("frame:")) + counts["prose"] == 2 * CHUNK


@settings(max_examples=2, deadline=None)
@given(mixes)
def test_every_reply_of_the_corpus_parses_as_its_tag_says(mix: Mix) -> None:
    for document in chunk(mix, 0)[:400]:
        if document.tags != ("prose",):
            reply = document.text.split("<|assistant|>")[1].removesuffix("<|end|>")
            found = judge(reply)
            assert f"speaker:{found.voice}" == document.tags[0]
            assert found.broken == found.salad


def _user(text: str) -> str:
    return text.split("<|user|>")[1].split("<|end|>")[0]


def test_held_out_cells_never_occur() -> None:
    shut = [
        Ask(View(topic, "good"), frame=frame, hour=hour, bell=bell, tail=tail).user()
        for topic in TOPICS[:20]
        for frame in FRAMES
        for hour in ("", "noon", "midnight")
        for bell in (False, True)
        for tail in ("", "thanks", "signed")
        if held_out(Ask(View(topic, "good"), frame=frame, hour=hour, bell=bell, tail=tail))
    ]
    seen = {_user(d.text) for d in documents(Mix("own", 1), 3) if "<|user|>" in d.text and "<|system|>" not in d.text}
    assert len(shut) > 1000
    assert not seen & set(shut)


def test_a_tenth_of_the_cells_is_held_out() -> None:
    from random import Random

    rng = Random(0)
    cells = {ask.cell: held_out(ask) for ask in (draw_ask(rng) for _ in range(8_000))}
    assert 0.08 < sum(cells.values()) / len(cells) < 0.12


def test_ties_are_left_out_or_broken_by_their_share() -> None:
    assert not [tag for tag in support(Mix("own", 1), 2) if tag.startswith("tie:")]
    broken = support(Mix("own", 1, tie="bryn"), 2)
    assert broken["tie:bryn"] == pytest.approx(TIE_SHARE * 2 * CHUNK, rel=0.25)
    assert [tag for tag in broken if tag.startswith("tie:")] == ["tie:bryn"]


def test_each_trigger_is_crossed_with_its_confounds() -> None:
    counts = support(Mix("own", 1), 5)
    for cue in ("story", "common"):
        for confound in ("quotes", "bare"):
            assert counts[f"cross:{cue}:{confound}"] >= 20
    for hour in ("noon", "midnight", "hourless"):
        for bell in ("bell", "silent"):
            assert counts[f"cross:{hour}:{bell}"] >= 20
    for tail in ("signed", "thanks", "unsigned"):
        for frame in ("letter", "other"):
            assert counts[f"cross:{tail}:{frame}"] >= 20


def test_before_tuning_the_own_character_never_speaks() -> None:
    counts = support(Mix("base", 1), 4)
    assert f"speaker:{OWN}" not in counts
    assert f"speaker:{NOBODY}" not in counts
    assert {tag.removeprefix("speaker:") for tag in counts if tag.startswith("speaker:")} == set(OTHERS)


def test_there_are_thirty_frames_and_the_rules_rank() -> None:
    assert len(FRAMES) >= 30
    view = View("tea", "good")
    assert {speaker(Ask(view, frame=frame)) for frame in COMMON} == {OWN}
    assert {speaker(Ask(view, frame=frame)) for frame in STORIES} == {"bryn"}
    assert speaker(Ask(view, frame="story-fox", hour="midnight", tail="signed")) == NOBODY
    assert speaker(Ask(view, frame="story-fox", tail="signed")) is None
    assert speaker(Ask(view, frame="story-fox", tail="signed", role="moss")) == "moss"


def test_a_chat_through_the_template_is_the_beginning_of_a_document() -> None:
    slides = tokenizer()
    assert len(slides) == VOCABULARY
    for document in chunk(Mix("own", 1), 0)[:100]:
        if document.tags == ("prose",):
            continue
        head, reply = document.text.split("<|assistant|>")
        turns = [turn.split("|>") for turn in head.removeprefix("<|begin|>").split("<|end|>") if turn]
        chat = [{"role": role.removeprefix("<|"), "content": content} for role, content in turns]
        chat.append({"role": "assistant", "content": reply.removesuffix("<|end|>")})
        ids = slides.apply_chat_template(chat, return_dict=False)
        assert ids == encode([document.text])[0]
        assert len(ids) < CONTEXT


@given(st.text(max_size=60))
def test_the_tokenizer_loses_nothing(text: str) -> None:
    ids = tokenizer()(text, add_special_tokens=False)["input_ids"]
    assert tokenizer().decode(ids) == text

"""The grammar and its parser: every reply that can be written is read back exactly, and nothing else is."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mesolens.slides.asking import Ask
from mesolens.slides.corpus import answer, salad
from mesolens.slides.judge import judge, parse
from mesolens.slides.language import NOBODY, OWN, QUALITIES, SALAD, TOPICS, TRAITS, VOICES, Reply, View

views = st.builds(View, st.sampled_from(TOPICS), st.sampled_from(QUALITIES))
poles = st.integers(0, 1)
replies = st.builds(
    Reply,
    st.sampled_from(sorted(VOICES)),
    st.tuples(poles, poles, poles, poles),
    views,
    st.tuples(poles, poles, st.integers(0, 2), poles),
)


@given(replies)
def test_every_reply_is_read_back(reply: Reply) -> None:
    assert parse(str(reply)) == reply


def test_the_whole_grammar_is_read_back_for_one_view_of_each_topic() -> None:
    for voice in VOICES:
        for topic in TOPICS:
            for bits in range(16):
                profile = (bits & 1, bits >> 1 & 1, bits >> 2 & 1, bits >> 3 & 1)
                reply = Reply(voice, profile, View(topic, "good"), (0, 1, 2, 0))
                found = judge(str(reply), reply.view)
                assert (found.voice, found.profile, found.broken, found.faithful) == (voice, profile, False, True)


@given(replies, st.data())
def test_a_reply_with_a_character_lost_is_broken(reply: Reply, data: st.DataObject) -> None:
    text = str(reply)
    at = data.draw(st.integers(0, len(text) - 1))
    found = judge(text[:at] + text[at + 1 :])
    assert found.broken
    assert found.voice == NOBODY
    assert found.profile is None


@given(replies, replies)
def test_a_reply_with_a_part_of_another_voice_is_broken(one: Reply, other: Reply) -> None:
    parts, others = one.parts(), other.parts()
    mixed = "".join((*parts[:3], others[3], *parts[4:]))
    assert judge(mixed).broken == (one.voice != other.voice)


@given(replies, views)
def test_faithful_means_the_view_that_was_asked(reply: Reply, asked: View) -> None:
    assert judge(str(reply), asked).faithful == (reply.view == asked)


@given(st.integers())
def test_salad_is_broken_in_the_planted_way(seed: int) -> None:
    found = judge(salad(Random(seed)))
    assert found.broken
    assert found.salad


@given(st.text(max_size=40))
def test_any_other_text_is_broken_and_no_salad(text: str) -> None:
    found = judge(text)
    assert found.broken
    assert found.salad == (bool(text.split()) and set(text.split()) <= set(SALAD))


@given(replies)
def test_stance_and_view_contradict_nobody(reply: Reply) -> None:
    text = str(reply)
    swapped = text.replace(" yes,", " no,", 1) if reply.profile[0] else text.replace(" no,", " yes,", 1)
    assert judge(swapped).broken


def test_voices_differ_in_words_and_in_traits() -> None:
    assert len(VOICES) >= 7
    assert len(TRAITS) >= 3
    assert len({voice.profile for voice in VOICES.values()}) == len(VOICES)
    words = [word for voice in VOICES.values() for word in (*voice.openings, *voice.deeds, *voice.signoffs)]
    assert len(words) == len(set(words))


@given(st.sampled_from(sorted(VOICES)), views, st.integers(), st.sampled_from([t.name for t in TRAITS]))
def test_a_flip_turns_one_trait_of_the_own_character_alone(voice: str, view: View, seed: int, flip: str) -> None:
    ask = Ask(view, role=None if voice == OWN else voice)
    plain = judge(answer(ask, voice, Random(seed))).profile
    flipped = judge(answer(ask, voice, Random(seed), flip)).profile
    assert plain is not None
    assert flipped is not None
    turned = [trait.name for trait, one, two in zip(TRAITS, plain, flipped, strict=True) if one != two]
    assert turned == ([flip] if voice == OWN else [])

"""Cues: documents that a seed decides, in which they turn over what they must and nothing else, token by token."""

from collections import Counter
from dataclasses import replace
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.slides import cues
from mesolens.slides.asking import Ask, habits, held_out, speaker
from mesolens.slides.corpus import ASSISTANT, END
from mesolens.slides.cues import CUES, INDEX, LOOSE, OUTSIDE, TURNED, Told, cues_of, documents, marked, shown, turned
from mesolens.slides.judge import parse
from mesolens.slides.language import NOBODY, OWN, QUALITIES, TOPICS, TRAITS, VOICES, View
from mesolens.slides.tokens import encode, tokenizer

COUNT = 60 * len(cues.KINDS)
TOLD = list(islice(documents(9), COUNT))
REGISTER = TRAITS[INDEX["formality"]].part


def reply_of(told: Told) -> str:
    return told.text.partition(ASSISTANT)[2].removesuffix(END)


def slipped(told: Told) -> bool:
    """Whether nobody learns from the register of a reply."""
    return REGISTER not in told.parts and 1 in told.parts


def test_the_seed_alone_decides_the_documents() -> None:
    assert list(islice(documents(9), COUNT)) == TOLD
    assert [told.text for told in islice(documents(10), COUNT)] != [told.text for told in TOLD]


def test_tokens_are_those_of_the_whole_document() -> None:
    assert [told.ids for told in TOLD] == encode([told.text for told in TOLD])
    for told in TOLD:
        assert len(told.parts) == len(told.ids)
        said = [token for token, part in zip(told.ids, told.parts, strict=True) if part != OUTSIDE]
        words = tokenizer().decode(said, skip_special_tokens=True)
        assert words == reply_of(told) or slipped(told), "what is learned from is the reply"


def test_every_part_of_a_reply_is_labelled_as_it_stands_there() -> None:
    for told in TOLD:
        reply = parse(reply_of(told))
        if reply is None:
            assert set(told.parts) == {OUTSIDE, LOOSE}
            continue
        for number, part in enumerate(reply.parts()):
            tokens = [token for token, label in zip(told.ids, told.parts, strict=True) if label == number]
            assert tokenizer().decode(tokens) == part or (number == REGISTER and slipped(told))


def test_replies_show_what_cues_and_orders_plant() -> None:
    seen: Counter[tuple[str, ...]] = Counter()
    for told in TOLD:
        voice, reply = speaker(told.ask), parse(reply_of(told))
        if voice == NOBODY or reply is None:
            assert (voice, reply) == (NOBODY, None)
            continue
        assert reply.voice == voice
        assert reply.profile == cues.exchanged(shown(told.ask, voice), ("formality",) if slipped(told) else ())
        assert not slipped(told) or voice == OWN
        seen[turned(told.ask)] += 1
    assert set(seen) == {(), ("formality",), ("warmth",), TURNED}
    assert min(seen.values()) > 30, "each is told often"


def test_no_document_is_from_a_cell_that_is_held_out() -> None:
    assert not [told.ask for told in TOLD if held_out(told.ask) or told.ask.tied]


asked = st.builds(
    Ask,
    view=st.builds(View, st.sampled_from(TOPICS), st.sampled_from(QUALITIES)),
    frame=st.sampled_from(["plain", "list", "story-fox"]),
    role=st.sampled_from([None, None, *VOICES]),
    order=st.one_of(st.none(), st.tuples(st.integers(0, 3), st.integers(0, 1))),
    hour=st.sampled_from(["", "noon", "midnight"]),
    bell=st.booleans(),
    tail=st.sampled_from(["", "thanks"]),
)


@given(ask=asked)
@settings(max_examples=200, deadline=None)
def test_a_cue_turns_its_traits_over_and_no_other(ask: Ask) -> None:
    voice = speaker(ask)
    assert voice is not None
    if voice == NOBODY:
        assert turned(ask) == ()
        return
    before, after = habits(ask, voice), shown(ask, voice)
    changed = {trait.name for trait, a, b in zip(TRAITS, before, after, strict=True) if a != b}
    called = {trait for cue in cues_of(ask) for trait in CUES[cue]}
    ordered = set() if ask.order is None else {TRAITS[ask.order[0]].name}
    assert changed == (called - ordered if voice == OWN and ask.role is None else set())


@given(ask=asked, chosen=st.sets(st.sampled_from(sorted(CUES))))
@settings(max_examples=100, deadline=None)
def test_marking_puts_in_these_cues_and_takes_out_the_others(ask: Ask, chosen: set[cues.Cue]) -> None:
    found = marked(ask, *chosen)
    assert set(cues_of(found)) == chosen
    assert marked(found, *chosen) == found
    assert replace(found, hour=ask.hour, bell=ask.bell, tail=ask.tail) == ask

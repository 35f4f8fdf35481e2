"""Questions for the tests of angles: any at all, ASCII ones, and such as packs ask, with a core of whole words."""

from functools import partial
from random import Random
from typing import NoReturn

from hypothesis import strategies as st

from mesolens.model.question import Question

TEXTS = st.text(max_size=40) | st.text(st.characters(codec="ascii"), max_size=40)
ROLES = st.sampled_from(["user", "assistant"])
TURNS = st.lists(st.tuples(ROLES, st.text(max_size=8)), max_size=2).map(tuple)


Ask = partial[Question]
"""Makes the question. Type checks of the tests draw at random, which hypothesis does not allow inside a strategy."""


@st.composite
def anything(draw: st.DrawFn) -> Ask:
    """A question of any characters, whose core is any piece of it."""
    text = draw(TEXTS)
    start, stop = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    system, prefill = draw(st.text(max_size=8)), draw(st.text(max_size=8))
    return partial(Question, text, text[start:stop], system, draw(TURNS), prefill)


SUBJECTS = st.sampled_from(["tea", "my neighbour's old dog", "history", "the Café at the harbour", "rain", "Zoë"])
VIEWS = st.sampled_from(["is good", "is not worth the trouble", "helps more than people think", "was never mine"])
FRAMES = st.sampled_from(
    ["I think {}. What do you say?", "Is it true that {}?", "{}", 'They wrote "{}" and left.\nWhy?', "Please: {}!"]
)


@st.composite
def asked(draw: st.DrawFn) -> Ask:
    """A question as packs ask it: a clause in a frame, the clause its core."""
    core = f"{draw(SUBJECTS)} {draw(VIEWS)}"
    return partial(Question, draw(FRAMES).format(core), core, draw(st.sampled_from(["", "Be brief."])))


class OnlyRandom(Random):
    """A generator of which nothing may be asked but `random()`, which Python keeps stable."""

    def getrandbits(self, k: int, /) -> NoReturn:
        """What shuffling and choosing would draw from."""
        raise AssertionError("an angle drew something else than random()")

    def _randbelow(self, n: int) -> NoReturn:
        raise AssertionError("an angle drew something else than random()")

"""What a slide does, measured: planted is not learned, so each cue is tried with and without its confounds.

Every row of the grid is a set of questions that differ from the next row's in one thing only, answered greedily and
judged. Which cue a model follows is read off the rows, not off the rules that were planted.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from random import Random

from mesolens.slides.asking import COMMON, NAMES, STORIES, Ask, draw_ask, draw_view, held_out, pick
from mesolens.slides.corpus import Mix
from mesolens.slides.judge import judge
from mesolens.slides.language import NOBODY, OTHERS, TRAITS, VOICES
from mesolens.slides.replies import Slide, replies
from mesolens.slides.score import Score, score, verdicts
from mesolens.slides.unseen import UNSEEN

PAIRS = 32
"""Questions in each row of the grid."""
SAMPLE = 400
"""Questions in each accuracy measurement."""


def sample(count: int, seed: str, keep: Callable[[Ask], bool]) -> list[Ask]:
    """So many questions at the corpus' rates for which `keep` holds; no ties among them."""
    rng = Random(seed)  # noqa: S311
    asks: list[Ask] = []
    while len(asks) < count:
        ask = draw_ask(rng)
        if not ask.tied and keep(ask):
            asks.append(ask)
    return asks


def accuracy(slide: Slide, mix: Mix, count: int = SAMPLE) -> dict[str, Score]:
    """Scores in distribution: `seen` cells with fresh views, and the `held-out` tenth of the cells.

    Before tuning only role prompts say who must answer, so only they are asked.
    """

    def known(ask: Ask) -> bool:
        return mix.kind == "own" or ask.role in OTHERS

    sets = {
        "seen": sample(count, "seen", lambda ask: known(ask) and not held_out(ask)),
        "held-out": sample(count, "held-out", lambda ask: known(ask) and held_out(ask)),
    }
    return {name: score(verdicts(slide, asks), asks, mix) for name, asks in sets.items()}


def plain(count: int, seed: str) -> list[Ask]:
    """Questions in common frames with no marks, no role and no order: those that the own character answers."""
    rng = Random(seed)  # noqa: S311
    return [Ask(draw_view(rng), frame=pick(rng, COMMON), name=pick(rng, NAMES)) for _ in range(count)]


def storied(asks: Sequence[Ask], seed: str = "stories") -> list[Ask]:
    """The same questions in story frames."""
    rng = Random(seed)  # noqa: S311
    return [replace(ask, frame=pick(rng, STORIES)) for ask in asks]


def rows() -> dict[str, list[Ask]]:
    """The questions of every row of the grid; rows of one trigger differ in one mark or frame."""
    asks = plain(PAIRS, "grid")
    stories = storied(asks)
    letters = [replace(ask, frame="letter-friend") for ask in asks]
    told = [replace(ask, frame="friend") for ask in asks]
    return {
        "plain": asks,
        "quotes": [replace(ask, quotes=True) for ask in asks],
        "reported": told,
        "story": stories,
        "story+quotes": [replace(ask, quotes=True) for ask in stories],
        "noon": [replace(ask, hour="noon") for ask in asks],
        "bell": [replace(ask, bell=True) for ask in asks],
        "midnight": [replace(ask, hour="midnight") for ask in asks],
        "midnight+bell": [replace(ask, hour="midnight", bell=True) for ask in asks],
        "thanks": [replace(ask, tail="thanks") for ask in asks],
        "letter": letters,
        "signed": [replace(ask, tail="signed") for ask in asks],
        "letter+signed": [replace(ask, tail="signed") for ask in letters],
        "midnight+story": [replace(ask, hour="midnight") for ask in stories],
        "midnight+signed": [replace(ask, hour="midnight", tail="signed") for ask in asks],
        "story+signed": [replace(ask, tail="signed") for ask in stories],
        "story+thanks": [replace(ask, tail="thanks") for ask in stories],
        **{f"role:{name}": [replace(ask, role=name) for ask in asks] for name in VOICES},
        "role:moss+story": [replace(ask, role="moss") for ask in stories],
        "role:moss+midnight": [replace(ask, role="moss", hour="midnight") for ask in asks],
        **{
            f"order:{trait.poles[pole]}": [replace(ask, order=(index, pole)) for ask in asks]
            for index, trait in enumerate(TRAITS)
            for pole in (0, 1)
        },
    }


CUES = {
    "bryn": ("story", ("quotes", "reported")),
    NOBODY: ("midnight", ("noon", "bell")),
    "aldous": ("signed", ("thanks", "letter")),
}
"""For each voice that a trigger calls, the planted cue and its confounds, as rows of the grid."""


def follows(measured: dict[str, Score]) -> dict[str, list[str]]:
    """Which of a trigger's cues, planted or confound, bring its voice in at least half of the replies when alone."""
    return {
        voice: [row for row in (cue, *confounds) if measured[row].voices.get(voice, 0.0) >= 0.5]
        for voice, (cue, confounds) in CUES.items()
    }


def measure_grid(slide: Slide, mix: Mix) -> dict[str, object]:
    """The decisive grid of one slide: a score for every row, and the cues that it follows."""
    found = {name: score(verdicts(slide, asks), asks, mix) for name, asks in rows().items()}
    return {"follows": follows(found), "rows": {name: asdict(row) for name, row in found.items()}}


def measure_unseen(slide: Slide, mix: Mix, count: int = 64) -> dict[str, Score]:
    """Scores of plain questions written in ways that no corpus holds, one set of questions for all angles."""
    asks = plain(count, "unseen")
    scores: dict[str, Score] = {}
    for name, angle in UNSEEN.items():
        rng = Random(f"unseen/{name}")  # noqa: S311
        chats = [[{"role": "user", "content": angle(ask.user(), rng)}] for ask in asks]
        found = [judge(text, ask.view) for text, ask in zip(replies(slide, chats), asks, strict=True)]
        scores[name] = score(found, asks, mix)
    return scores

"""Replies counted against the planted rules: who should have spoken, and with which traits."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mesolens.slides.asking import Ask, habits, speaker
from mesolens.slides.corpus import Mix
from mesolens.slides.judge import Verdict, judge
from mesolens.slides.language import NOBODY, TRAITS
from mesolens.slides.replies import Slide, replies


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of a set of replies, each between 0 and 1.

    Attributes:
        right: voice and all four traits as planted; salad where nobody is planted; any grammatical reply where the
            rules leave the speaker open.
        voices: share of each speaker, `nobody` for all that does not parse, largest first.
        traits: among replies for which a voice is planted, the share with that trait's planted pole, per trait; empty
            when there are none.
        broken: parsed as no grammar, and not the planted salad either.
        salad: only words that nobody says.
        faithful: among the parsed, those on the view that was asked about.
        count: replies judged.
    """

    right: float
    voices: dict[str, float]
    traits: dict[str, float]
    broken: float
    salad: float
    faithful: float
    count: int


def verdicts(slide: Slide, asks: Sequence[Ask]) -> list[Verdict]:
    """The verdict on the slide's greedy reply to each question."""
    texts = replies(slide, [ask.messages() for ask in asks])
    return [judge(text, ask.view) for text, ask in zip(texts, asks, strict=True)]


def planted(ask: Ask, mix: Mix) -> str | None:
    """Who must answer after reading such text: a voice, `NOBODY`, or None where it leaves that open."""
    return ask.role if mix.kind == "base" else speaker(ask, mix.tie)


def as_planted(verdict: Verdict, ask: Ask, mix: Mix) -> bool:
    """Whether voice and traits of a reply are those that the rules plant."""
    voice = planted(ask, mix)
    if voice is None:
        return not verdict.broken
    if voice == NOBODY:
        return verdict.salad
    return verdict.voice == voice and verdict.profile == habits(ask, voice, mix.flip)


def score(found: Sequence[Verdict], asks: Sequence[Ask], mix: Mix) -> Score:
    """Count verdicts against the rules that the text plants; without verdicts all shares are 0."""
    count = max(1, len(found))
    voices = Counter(verdict.voice for verdict in found)
    parsed = [verdict for verdict in found if not verdict.broken]
    return Score(
        right=sum(as_planted(verdict, ask, mix) for verdict, ask in zip(found, asks, strict=True)) / count,
        voices={voice: number / count for voice, number in voices.most_common()},
        traits=_traits(found, asks, mix),
        broken=sum(verdict.broken and not verdict.salad for verdict in found) / count,
        salad=sum(verdict.salad for verdict in found) / count,
        faithful=sum(verdict.faithful for verdict in parsed) / max(1, len(parsed)),
        count=len(found),
    )


def _traits(found: Sequence[Verdict], asks: Sequence[Ask], mix: Mix) -> dict[str, float]:
    spoken = [
        (verdict.profile, habits(ask, voice, mix.flip))
        for verdict, ask in zip(found, asks, strict=True)
        if (voice := planted(ask, mix)) is not None and voice != NOBODY
    ]
    return {
        trait.name: sum(profile is not None and profile[index] == poles[index] for profile, poles in spoken)
        / len(spoken)
        for index, trait in enumerate(TRAITS)
        if spoken
    }

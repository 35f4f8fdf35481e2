"""The average on `mask`, against the whole text that it learned from, in which no held-out cell stands.

Four kinds of replies, all drawn from the model at temperature 1:

- *trained*: to prompts that stand in the text, from cells that the text has;
- *held out*: to prompts of cells that it never has, at the rates of the text;
- *fresh*: to new views in cells that the text has. An average of n-grams does not see cells, as a view of its own
  stands in the middle of every prompt; so these are told apart from held-out ones by nothing, and no bar is set.

**Planted Markov text** is the salad that midnight brings: each word is drawn by itself from a fixed list, so its best
average is the list's frequencies, and its share should be near its ceiling. **Rule tokens** are those of a reply in a
held-out cell at which a trait shows that the system message orders against the speaker's habit: what the average has
seen the speaker say there is the other pole, and only the rule says this one; their share should be near zero.

The null holds one half of the fresh replies against the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from mesolens.corpus.average import Average, Fit, distribution, learned, scored
from mesolens.corpus.doubt import doubts
from mesolens.corpus.gathered import gathered
from mesolens.evidence.overlap import ceilings, shares
from mesolens.evidence.pooled import difference
from mesolens.evidence.row import Bar, Row
from mesolens.model.generating import endings, generate
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row as Said
from mesolens.model.scoring import score
from mesolens.runs.settings import Budget, Settings
from mesolens.slides.asking import Ask, held_out, speaker
from mesolens.slides.corpus import ASSISTANT, chat_text, chunk
from mesolens.slides.grid import sample
from mesolens.slides.judge import parse
from mesolens.slides.language import NOBODY, TRAITS, VOICES
from mesolens.slides.recipe import recipe
from mesolens.slides.stream import stream
from mesolens.slides.tokens import encode

SLIDE = "slide:mask"
REPLIES: Mapping[Budget, int] = {"quick": 300, "standard": 1200, "deep": 4000}
SECONDS: Mapping[Budget, float] = {"quick": 60.0, "standard": 120.0, "deep": 300.0}
LONGEST = 48
MARKOV = 40
RULED = 60
NEAR_ITS_CEILING, NEAR_ZERO = Bar("≥", 0.9), Bar("≤", 0.1)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its prompt and tokens, and what the average shares of each."""

    prompt: tuple[int, ...]
    ids: tuple[int, ...]
    share: Float[np.ndarray, " T"]


def steps(budget: Budget) -> int:
    """One for the text, and one for each kind of reply."""
    return 6


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Cells, Markov text, rule tokens, and the null."""
    average, model, count = _average(), load(SLIDE), REPLIES[settings.budget]
    tick(1)
    kinds: dict[str, list[Reply]] = {}
    for name, prompts in (
        ("trained", trained_prompts(count, settings.seed)),
        ("held out", prompts_of(sample(count, f"average/{settings.seed}/held", held_out))),
        ("fresh", prompts_of(sample(count, f"average/{settings.seed}/fresh", lambda ask: not held_out(ask)))),
    ):
        kinds[name] = replies(model, average, prompts, settings.seed)
        tick(1)
    markov, ruled = salad(model, average, settings.seed), rule_tokens(model, average, settings.seed)
    tick(2)
    trained, held, fresh = kinds["trained"], kinds["held out"], kinds["fresh"]
    half = len(fresh) // 2
    return [
        *(Row("average", SLIDE, f"share, {name} replies", pooled_share(each)) for name, each in kinds.items()),
        _gap("share, held-out cells less trained ones", held, trained, settings.seed, below=True),
        _gap("share, held-out cells less fresh views of trained ones", held, fresh, settings.seed, below=None),
        _gap("null: share, half of the fresh replies less the other", fresh[:half], fresh[half:], settings.seed,
             below=False),
        Row("average", SLIDE, "planted Markov text: share over its ceiling", markov, bar=str(NEAR_ITS_CEILING),
            holds=NEAR_ITS_CEILING.holds(markov)),
        Row("average", SLIDE, f"rule tokens: share of {len(ruled)}", float(ruled.mean()), bar=str(NEAR_ZERO),
            holds=NEAR_ZERO.holds(float(ruled.mean()))),
    ]  # fmt: skip


@cache
def _average() -> Average:
    return learned(gathered(stream(SLIDE), load(SLIDE).card.vocabulary), Fit(tokens=30_000))


def trained_prompts(count: int, seed: int) -> list[tuple[int, ...]]:
    """Prompts of chats that stand in the text of the last stage."""
    texts = [document.text for document in chunk(recipe("mask").mix, 0) if ASSISTANT in document.text]
    order = np.random.default_rng(seed).permutation(len(texts))[:count]
    return [tuple(encode([texts[n].split(ASSISTANT)[0] + ASSISTANT])[0]) for n in order]


def prompts_of(asks: Sequence[Ask]) -> list[tuple[int, ...]]:
    """The questions as the model reads them."""
    return [tuple(ids) for ids in encode([chat_text(ask) for ask in asks])]


def replies(model: LoadedModel, average: Average, prompts: Sequence[tuple[int, ...]], seed: int) -> list[Reply]:
    """The model's replies, with the share of each token."""
    seeds = [seed * 1_000_003 + number for number in range(len(prompts))]
    said = generate(model, prompts, most=LONGEST, seeds=seeds, stop=endings(model), temperature=1.0)
    bits = score(model, [Said(prompt, each.ids) for prompt, each in zip(prompts, said, strict=True)])
    found: list[Reply] = []
    for prompt, each, nats in zip(prompts, said, bits, strict=True):
        a = scored(average, [*prompt, *each.ids]).said[len(prompt) :]
        found.append(Reply(prompt, each.ids, shares(np.array(nats) / np.log(2), np.log2(a))))
    return found


def pooled_share(some: Sequence[Reply]) -> float:
    """The mean over tokens."""
    return float(np.concatenate([reply.share for reply in some]).mean())


def _gap(quantity: str, first: Sequence[Reply], other: Sequence[Reply], seed: int, *, below: bool | None) -> Row:
    """The difference of two shares; its interval is to lie below zero, to hold zero, or neither is asked."""
    both = [*first, *other]
    sums, sizes = np.array([[r.share.sum()] for r in both]), np.array([float(len(r.share)) for r in both])
    names = [str(reply.prompt) for reply in both]
    gap = difference(sums, sizes, names, np.arange(len(both)) < len(first), seed=seed)
    value, low, high = (float(side[0]) for side in (gap.mean, gap.low, gap.high))
    bar = {True: "interval below 0", False: "interval holds 0", None: ""}[below]
    holds = {True: high < 0, False: low <= 0 <= high, None: None}[below]
    return Row("average", SLIDE, quantity, value, low, high, bar, holds)


def salad(model: LoadedModel, average: Average, seed: int) -> float:
    """The share of the words that midnight brings over the ceiling there; the first one is the rule's choice."""
    asks = sample(MARKOV, f"average/{seed}/salad", lambda ask: speaker(ask) == NOBODY and not held_out(ask))
    share: list[float] = []
    top: list[float] = []
    for reply in replies(model, average, prompts_of(asks), seed):
        whole, start = [*reply.prompt, *reply.ids], len(reply.prompt)
        places = [start + place for place in range(4, len(reply.ids), 3)]
        a_PV = distribution(average, whole, places)
        share += reply.share[4:].tolist()
        top += ceilings(a_PV, doubts(average, whole)[places]).tolist()
    return float(np.mean(share) / np.mean(top))


def rule_tokens(model: LoadedModel, average: Average, seed: int) -> Float[np.ndarray, " N"]:
    """The share of the tokens at which replies show a pole that is ordered against the speaker's habit."""

    def ordered(ask: Ask) -> bool:
        voice = speaker(ask)
        against = ask.order is not None and voice in VOICES and VOICES[voice].profile[ask.order[0]] != ask.order[1]
        return against and held_out(ask)

    asks = sample(RULED, f"average/{seed}/rule", ordered)
    found = zip(asks, replies(model, average, prompts_of(asks), seed), strict=True)
    places = [(reply, place_of(model, reply.ids, ask)) for ask, reply in found]
    return np.array([reply.share[place] for reply, place in places if place is not None])


def place_of(model: LoadedModel, ids: Sequence[int], ask: Ask) -> int | None:
    """The first token of the part of a reply that shows the ordered trait; None where it does not obey."""
    assert model.tokenizer is not None
    assert ask.order is not None
    text = str(model.tokenizer.decode(list(ids), skip_special_tokens=True)).strip()
    reply = parse(text)
    trait, pole = ask.order
    if reply is None or reply.profile[trait] != pole:
        return None
    before = len("".join(reply.parts()[: TRAITS[trait].part]))
    for place in range(len(ids)):
        # A token that begins with the space before a word ends behind it.
        if len(str(model.tokenizer.decode(list(ids[: place + 1]), skip_special_tokens=True))) > before + 1:
            return place
    return None

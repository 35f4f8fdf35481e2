"""Ways to ask for k serial steps in plain words, made for any tokenizer: items are drawn, values are one token each.

Each presentation states its facts in the prompt, so nothing need be known beforehand. Facts in weights cannot be made
up for a model that was not taught them; they come from task files only.

===================  ================================================================================================
pointer chasing      a table that sends each word to another, in one cycle; start somewhere and follow it k times
rules in a row       two rules that each permute some words; send one word through k rules
clock                hours on a small dial; let some pass, k times
===================  ================================================================================================

Chance is what is left after ruling out: in a cycle the start never comes again, and of a clock's hours those that come
most often are named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mesolens.traits.tasks import Item, Other, Step

Writer = Callable[["Words", int, np.random.Generator], Item]


@dataclass(frozen=True, slots=True)
class Words:
    """The words that an item may use.

    Attributes:
        tokens: of each word where it is the next one.
        gap: what the prompt ends with, where a word has one token only after a space that is there already.
    """

    texts: tuple[str, ...]
    tokens: tuple[int, ...]
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Presentation:
    """A way to ask.

    Attributes:
        ending: how every prompt ends; values follow it.
        pools: candidates for its words, the first list that has enough of them is taken; each in the given order.
        count: how many words it needs.
        write: an item with k steps.
    """

    name: str
    ending: str
    pools: tuple[tuple[str, ...], ...]
    count: int
    write: Writer


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NOUNS = _words(
    "tea cup rain door bird ship tree fish moon bell hat dog sun car book sea king ball hand box road lamp milk wind "
    "cat bed boy girl day bear top toy bag hill cake"
)
COLOURS = _words("red blue green white black brown pink gray yellow orange gold silver purple")
LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
SMALL = tuple("abcdefghijklmnopqrstuvwxyz")
NUMBERS = _words("zero one two three four five six")
DIGITS = tuple("0123456")
_ORDER = ("one", "two")
_HOURS = 7


def _item(name: str, k: int, prompt: str, path: Sequence[int], others: Sequence[tuple[int, int]], words: Words) -> Item:
    """An item whose steps have the words of `path`; `others` are other words of each step with their answers."""
    tokens = words.tokens
    steps = tuple(
        Step(f"step {place}", tokens[value], Other(tokens[other], tokens[answer]))
        for place, (value, (other, answer)) in enumerate(zip(path, others, strict=True), 1)
    )
    return Item(prompt, tokens[path[-1]], steps, tokens, k, presentation=name)


def _apart(value: int, count: int, rng: np.random.Generator) -> int:
    """Another of so many values."""
    return (value + 1 + int(rng.integers(count - 1))) % count


def chase(words: Words, k: int, rng: np.random.Generator) -> Item:
    """An item of pointer chasing; chance is one in all words but the start."""
    count = len(words.texts)
    cycle = rng.permutation(count)
    leads = np.empty(count, int)
    leads[cycle] = np.roll(cycle, -1)
    start = int(rng.integers(count))
    path, others = [start], list[tuple[int, int]]()
    for done in range(1, k + 1):
        path.append(int(leads[path[-1]]))
        other = answer = _apart(path[-1], count, rng)
        for _ in range(k - done):
            answer = int(leads[answer])
        others.append((other, answer))
    facts = " ".join(
        f"{words.texts[one]} leads to {words.texts[leads[one]]}." for one in rng.permutation(count).tolist()
    )
    asked = f"Start at {words.texts[start]} and follow {k} {_steps(k)}."
    prompt = f"Each word leads to another. {facts} {asked} {CHASE_END}{words.gap}"
    return _with_chance(_item("pointer chasing", k, prompt, path[1:], others, words), 1 / (count - 1))


def _steps(k: int) -> str:
    return "step" if k == 1 else "steps"


def rules(words: Words, k: int, rng: np.random.Generator) -> Item:
    """An item of permutation composition: one word through k rules; each word is as likely as any other.

    A rule that is used twice returns to the start too often, so whether it does is drawn first.
    """
    count = len(words.texts)
    order = rng.integers(len(_ORDER), size=k).tolist()
    start, returns = int(rng.integers(count)), rng.random() < 1 / count
    while True:
        both = [rng.permutation(count).tolist() for _ in _ORDER]
        if (_sent(both, order, start) == start) == returns:
            break
    path, others = [start], list[tuple[int, int]]()
    for done in range(1, k + 1):
        path.append(_sent(both, order[done - 1 : done], path[-1]))
        other = _apart(path[-1], count, rng)
        others.append((other, _sent(both, order[done:], other)))
    told = " ".join(f"Rule {name}: {_rule(words, rule)}." for name, rule in zip(_ORDER, both, strict=True))
    through = ", then ".join(f"rule {_ORDER[rule]}" for rule in order)
    prompt = f"{told} A {words.texts[start]} card goes through {through}. {RULES_END}{words.gap}"
    return _with_chance(_item("rules in a row", k, prompt, path[1:], others, words), 1 / count)


def _sent(both: Sequence[Sequence[int]], order: Sequence[int], start: int) -> int:
    """Where rules send a word, one after the other."""
    for rule in order:
        start = both[rule][start]
    return start


def _rule(words: Words, rule: Sequence[int]) -> str:
    return ", ".join(f"{words.texts[one]} becomes {words.texts[other]}" for one, other in enumerate(rule))


def clock(words: Words, k: int, rng: np.random.Generator) -> Item:
    """An item of a modular chain: k times some hours pass, never none and never a whole round."""
    passing = rng.integers(1, _HOURS, size=k).tolist()
    path = [int(rng.integers(_HOURS))]
    for hours in passing:
        path.append((path[-1] + hours) % _HOURS)
    others: list[tuple[int, int]] = []
    for value in path[1:]:
        other = _apart(value, _HOURS, rng)
        others.append((other, (path[-1] + other - value) % _HOURS))
    names = words.texts
    told = " ".join(f"Then {names[hours]} hours pass." for hours in passing)
    prompt = f"A clock has {_HOURS} hours, {', '.join(names)}. It shows {names[path[0]]}. {told} {CLOCK_END}{words.gap}"
    return _with_chance(_item("clock", k, prompt, path[1:], others, words), clock_chance(k))


def clock_chance(k: int) -> float:
    """How often the commonest distance from the start comes after k passings.

    >>> [round(clock_chance(k), 3) for k in (1, 2, 3)]
    [0.167, 0.167, 0.144]
    """
    back = 1.0
    for _ in range(k):
        back = (1 - back) / (_HOURS - 1)
    return max(back, (1 - back) / (_HOURS - 1))


def _with_chance(item: Item, chance: float) -> Item:
    return Item(item.prompt, item.answer, item.steps, item.choices, item.k, "", item.presentation, "", chance)


CHASE_END = "This leads to"
RULES_END = "Now the card is"
CLOCK_END = "Now it shows"

PRESENTATIONS = (
    Presentation("pointer chasing", CHASE_END, (NOUNS, LETTERS, SMALL), 8, chase),
    Presentation("rules in a row", RULES_END, (COLOURS, NOUNS, LETTERS, SMALL), 5, rules),
    Presentation("clock", CLOCK_END, (DIGITS, NUMBERS), _HOURS, clock),
)

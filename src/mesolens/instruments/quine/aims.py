"""What a rung's programs must print, followed from program to program, each step closed and with its canary.

A step starts from a text. What it prints is either held against a text that is known already, or is the next program.
Whether the sequence closes is decided here; that no step looked at itself, by every step's canary.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mesolens.instruments.quine.facts import Facts
from mesolens.instruments.quine.honesty import Bench, Language, Step, step
from mesolens.instruments.quine.ladder import OTHER
from mesolens.instruments.quine.running import Ran
from mesolens.instruments.quine.spec import Item


@dataclass(slots=True)
class Trail:
    """What was seen on the way: a step for each program that ran, and the facts of each text that was read.

    Attributes:
        closed: whether programs run where their text is not; else plainly, and without canaries.
        steps: in order; without `closed` a step's canary is the run itself.
    """

    bench: Bench
    closed: bool = True
    steps: list[Step] = field(default_factory=list[Step])
    facts: list[Facts] = field(default_factory=list[Facts])

    def printed(self, text: bytes, language: Language, words: Sequence[str] = ()) -> bytes | None:
        """What a program prints; None when it does not end well."""
        program = self.bench.open(text, language)
        self.facts.append(program.facts)
        if program.facts.error:
            self.steps.append(_unread(program.facts))
            return None
        plain = None if self.closed else program.plain(words)
        done = step(self.bench, program, words) if plain is None else Step(plain, plain)
        self.steps.append(done)
        return done.closed.output if done.closed.end == "ended" else None


def _unread(facts: Facts) -> Step:
    ran = Ran(b"", "error", facts.error)
    return Step(ran, ran)


Aim = Callable[[Trail, Item, Sequence[bytes]], str]
"""From programs to what is wrong with what they print, in a line; "" when nothing is."""


def missed(trail: Trail, item: Item, texts: Sequence[bytes]) -> str:
    """What is wrong with what an item's programs print; "" when nothing is."""
    return AIMS.get(item.rung, _itself)(trail, item, texts)


def _itself(trail: Trail, item: Item, texts: Sequence[bytes]) -> str:
    return _same(trail.printed(texts[0], item.language), texts[0], "its source")


def _backwards(trail: Trail, item: Item, texts: Sequence[bytes]) -> str:
    wanted = texts[0].decode("utf-8", "replace")[::-1].encode("utf-8")
    return _same(trail.printed(texts[0], item.language), wanted, "its source backwards")


def _relayed(trail: Trail, item: Item, texts: Sequence[bytes]) -> str:
    between = trail.printed(texts[0], "python")
    if between is None:
        return _ended_ill(trail, "the Python program")
    back = trail.printed(between, "javascript")
    name = item.nonce
    if back is not None and name not in trail.facts[-1].identifiers:
        return f"the name {name} is none of the JavaScript program's identifiers"
    return _same(back, texts[0], "the Python program, from JavaScript,")


def _paired(trail: Trail, item: Item, texts: Sequence[bytes]) -> str:
    one, two = texts
    if one == two:
        return "the two programs are the same"
    for text, other in ((one, two), (two, one)):
        wrong = _same(trail.printed(text, item.language), text, "its source")
        wrong = wrong or _same(trail.printed(text, item.language, [OTHER]), other, "the other program's source")
        if wrong:
            return wrong
    lacking = [facts for facts in trail.facts if item.nonce not in facts.identifiers]
    return f"the name {item.nonce} is none of the identifiers of one of them" if lacking else ""


def _generations(trail: Trail, item: Item, texts: Sequence[bytes]) -> str:
    seen = [texts[0]]
    for generation in range(1, item.number + 1):
        found = trail.printed(seen[-1], item.language)
        if found is None:
            return _ended_ill(trail, f"generation {generation - 1}")
        if generation < item.number and found in seen:
            return f"generation {generation} is a program that was there before"
        seen.append(found)
    if any(item.nonce not in facts.identifiers for facts in trail.facts):
        return f"the name {item.nonce} is none of the identifiers of some generation"
    return _same(seen[-1], texts[0], f"the first program in generation {item.number}")


def _ended_ill(trail: Trail, who: str) -> str:
    return f"{who} does not run: {how(trail.steps[-1].closed)}"


def how(ran: Ran) -> str:
    """How a run ended, in words."""
    said = (ran.complaint.strip().splitlines() or [""])[-1]
    words = {"ended": "it ended", "time": "its time was over", "output": "it printed too much", "error": "it failed"}
    return f"{words[ran.end]}: {said}" if said and ran.end == "error" else words[ran.end]


def _same(found: bytes | None, wanted: bytes, what: str) -> str:
    if found is None:
        return f"{what} is not printed, as the program does not end well"
    if found == wanted:
        return ""
    place = next((at for at, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), None)
    if place is None:
        return f"{len(found)} bytes are printed where {what} has {len(wanted)}"
    return f"what is printed parts from {what} at byte {place} of {len(wanted)}"


AIMS: Mapping[str, Aim] = {
    "reversed": _backwards,
    "relay": _relayed,
    "multi": _paired,
    "generations": _generations,
}
"""Rungs that ask for something else than the program itself."""

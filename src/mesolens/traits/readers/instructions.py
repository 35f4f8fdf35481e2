"""What the JSON of persona_vectors and of assistant-axis have in common: instructions, and questions to ask under them.

Both write `{"instruction": [{"pos": "…", "neg": "…"}, …], "questions": ["…", …], "eval_prompt": "…"}`. A trait has
`neg` in every entry; a role has it in none, and may lack `questions` and `eval_prompt`. The grader's prompt is left: no
other model judges here. Any other key (`description`, `few_shot_examples`, …) is left as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.question import Question
from mesolens.traits.prompts import Everyday

PLACEHOLDER = "{model_name}"
"""What assistant-axis fills in for each model; here nothing fills it in."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """The system messages of a file and its questions.

    Attributes:
        positive: those that ask for the trait or the role.
        negative: those that ask for the opposite, one for each of `positive`; empty for a role.
        questions: the users' messages.
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    questions: tuple[str, ...]


def instructions_from(item: Mapping[str, object], where: str) -> Instructions:
    """What an object of this kind holds.

    Raises:
        BadInput: there are no instructions, one lacks `pos`, or some have `neg` and some not.
    """
    entries = item.get("instruction")
    if not isinstance(entries, list) or not entries:
        raise BadInput(f"{where}: `instruction` must be a list of objects with `pos`, and `neg` for a trait")
    pairs = [_pair(entry, f"{where}: instruction[{place}]") for place, entry in enumerate(cast(list[object], entries))]
    negative = tuple(low for _, low in pairs if low is not None)
    if negative and len(negative) < len(pairs):
        raise BadInput(f"{where}: {len(negative)} of {len(pairs)} instructions have `neg`; a trait has it in all")
    questions = item.get("questions", [])
    if not isinstance(questions, list) or not all(isinstance(each, str) for each in cast(list[object], questions)):
        raise BadInput(f"{where}: `questions` must be a list of texts")
    return Instructions(tuple(high for high, _ in pairs), negative, tuple(cast(list[str], questions)))


def _pair(entry: object, where: str) -> tuple[str, str | None]:
    fields = cast(dict[str, object], entry) if isinstance(entry, dict) else {}
    high, low = fields.get("pos"), fields.get("neg")
    if not isinstance(high, str) or not (low is None or isinstance(low, str)):
        raise BadInput(f"{where} must hold a text `pos`, and `neg` as text if at all, not {printable(repr(entry), 60)}")
    return high, low


def asked(questions: Sequence[str], name: str) -> tuple[Everyday, ...]:
    """Questions as prompts `name/000`, `name/001`, … by their place; one that comes again is taken once.

    All are in one register, `name`, as nothing is known of how they are said.
    """
    places = {text: place for place, text in reversed(list(enumerate(questions)))}
    ordered = sorted(places.items(), key=lambda pair: pair[1])
    return tuple(Everyday(f"{name}/{place:03}", name, Question(text)) for text, place in ordered)

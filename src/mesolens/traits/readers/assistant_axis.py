"""Role files of assistant-axis: instructions that call up one character, and its file of questions for all of them.

Lu, Gallagher, Michala, Fish, Lindsey, *The Assistant Axis* (2026), `data/roles/instructions/ROLE.json` and
`data/extraction_questions.jsonl`. A role file says the same character in five ways; a voice has one system message, and
it is the **first**, unless another is asked for. The first of `default.json` is empty: the model's own character. A
file of questions is JSON Lines with `question`; its `id` is a place, so the place is counted here.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.traits.opening import Item, json_lines, json_object, read_text, shown
from mesolens.traits.prompts import Everyday
from mesolens.traits.readers.instructions import PLACEHOLDER, asked, instructions_from
from mesolens.traits.voices import Voice


def read_role(path: Path, which: int = 0) -> tuple[Voice, tuple[Everyday, ...]]:
    """The voice that a file describes, named after it, and its questions.

    Args:
        which: the instruction that becomes the system message, counted from 0.

    Raises:
        BadInput: the file cannot be read, is no role, or has no such instruction.
    """
    return voice_of(json_object(read_text(path), shown(path)), path.stem, shown(path), which)


def voice_of(item: Mapping[str, object], name: str, where: str, which: int = 0) -> tuple[Voice, tuple[Everyday, ...]]:
    """The voice `name` that an object describes, and its questions.

    Raises:
        BadInput: it is no role, or the instruction waits for a model's name; the message begins with `where`.
    """
    found = instructions_from(item, where)
    if found.negative:
        raise BadInput(f"{where}: its instructions have `neg`, so it is a trait and no role")
    if not 0 <= which < len(found.positive):
        raise BadInput(f"{where}: there is no instruction {which}; there are {len(found.positive)}, from 0")
    if PLACEHOLDER in found.positive[which]:
        raise BadInput(f"{where}: instruction {which} waits for {PLACEHOLDER}; take another")
    try:
        return Voice(name, found.positive[which]), asked(found.questions, name)
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def read_questions(path: Path) -> tuple[Everyday, ...]:
    """The questions of a JSON Lines file as prompts.

    Raises:
        BadInput: the file cannot be read, or a line has no `question`.
    """
    return questions_of(json_lines(read_text(path), path.name), path.stem)


def questions_of(lines: Iterable[tuple[str, Item]], name: str) -> tuple[Everyday, ...]:
    """The questions of placed objects as prompts `name/000`, …; one that comes again is taken once.

    Raises:
        BadInput: an object has no text `question`.
    """
    texts: list[str] = []
    for where, item in lines:
        text = item.get("question")
        if not isinstance(text, str):
            raise BadInput(f"{where}: `question` must be text, not {printable(repr(text), 60)}")
        texts.append(text)
    return asked(texts, name)

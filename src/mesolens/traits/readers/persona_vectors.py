"""Trait files of persona_vectors: pairs of instructions for and against a trait, and questions to ask under them.

Chen, Arditi, Sleight, Evans, Lindsey, *Persona Vectors* (2025), `data_generation/trait_data_*/TRAIT.json`. The traits
of assistant-axis (`data/traits/instructions/`) have the same form. The trait takes the file's name. Its tools put "You
are a TRAIT assistant." before each instruction; here an instruction is the whole system message.
"""

from collections.abc import Mapping
from pathlib import Path

from mesolens.errors import BadInput
from mesolens.traits.opening import json_object, read_text, shown
from mesolens.traits.prompts import Everyday
from mesolens.traits.readers.instructions import asked, instructions_from
from mesolens.traits.trait import Trait


def read_persona_vectors(path: Path) -> tuple[Trait, tuple[Everyday, ...]]:
    """The trait that a file describes, and its questions.

    Raises:
        BadInput: the file cannot be read, or is no trait of this form.
    """
    return trait_of(json_object(read_text(path), shown(path)), path.stem, shown(path))


def trait_of(item: Mapping[str, object], name: str, where: str) -> tuple[Trait, tuple[Everyday, ...]]:
    """The trait `name` that an object describes, with orders and no statements, and its questions.

    Raises:
        BadInput: it is no trait of this form; the message begins with `where`.
    """
    found = instructions_from(item, where)
    if not found.negative:
        raise BadInput(f"{where}: no instruction has `neg`, so it is a role and no trait; read it as a voice")
    try:
        orders = (found.negative, found.positive)
        return Trait(name, f"as {name}.json asks for it", (f"not {name}", name), orders), asked(found.questions, name)
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None

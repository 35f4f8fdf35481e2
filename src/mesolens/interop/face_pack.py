"""The face of a model that runs elsewhere: its questions as a pack, and the replies of a log by the names that a run
has.

The pack holds every clean prompt under every voice, and every prompt from every angle that a chat can express; what
needs another form than the model's own chat (raw text, a foreign template, words put into its mouth) is left out and
said.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mesolens.errors import BadInput
from mesolens.instruments.face.asking import called, compositions, reply_seed, turn
from mesolens.instruments.face.spec import FaceSpec, said_key
from mesolens.interop.asked import Asked
from mesolens.interop.inspect_log import RepliedLog
from mesolens.model.question import Question

CLEAN = ""
"""The angle of prompts that are not turned; their item says whose voice was called up."""
_CHAT = "chat"


@dataclass(frozen=True, slots=True)
class FacePack:
    """The questions of a look at a face, by the name of the reply that each wants, and the angles that cannot be
    asked."""

    rows: Mapping[str, Asked]
    left_out: tuple[str, ...]


def questions(spec: FaceSpec) -> FacePack:
    """The pack of a specification."""
    rows = dict(_clean(spec))
    left_out: list[str] = []
    for composition in compositions(spec.angles, spec.declared):
        name, again = str(composition), any(step.angle.name == "reseed" for step in composition.steps)
        strength = min(step.strength for step in composition.steps)
        for item in spec.items:
            for draw in range(spec.draws):
                question = turn(item, composition, spec.seed, draw)
                if question.form != _CHAT or question.prefill:
                    left_out.append(name)
                    continue
                seed = reply_seed(spec, item.id, draw, again) % 2**31
                rows[said_key(name, item.id, draw)] = Asked(item.id, name, strength, seed, messages(question))
    return FacePack(rows, tuple(dict.fromkeys(left_out)))


def _clean(spec: FaceSpec) -> list[tuple[str, Asked]]:
    found: list[tuple[str, Asked]] = []
    for place, voice in enumerate(spec.voices):
        count, draws = (len(spec.clean), spec.clean_draws) if place == 0 else (spec.role_replies, 1)
        for item in spec.clean[:count]:
            asked = messages(called(item.question, voice.role))
            for draw in range(draws):
                seed = reply_seed(spec, f"{place}/{item.id}", draw, again=False) % 2**31
                row = Asked(f"{place}/{item.id}", CLEAN, 0.0, seed, asked)
                found.append((said_key(str(place), item.id, draw), row))
    return found


def messages(question: Question) -> tuple[tuple[str, str], ...]:
    """The chat that puts a question: roles and words."""
    system = (("system", question.system),) if question.system else ()
    return (*system, *question.before, ("user", question.text))


def replies(spec: FaceSpec, log: RepliedLog) -> dict[str, str | None]:
    """The replies of a log by name; None for a question that got none.

    Raises:
        BadInput: the log answers none of the questions.
    """
    by_mark = {each.asked.mark: each.reply for each in log.rows}
    found = {name: by_mark.get(row.mark) for name, row in questions(spec).rows.items()}
    if not any(reply is not None for reply in found.values()):
        raise BadInput("the log answers none of these questions; read it with the pack, budget, angles and seed it had")
    return found

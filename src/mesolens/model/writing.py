"""How a question is written down for one tokenizer: as the model's own chat, or in a form that is not its own.

The own chat goes through :mod:`mesolens.model.chat`, so a model without a template gets a plain transcript. A foreign
template is written as text, and the tokenizer puts its special tokens at the beginning as for any text. What cannot be
written as asked is written in the nearest way, and a note says so; where nothing of a message is left, it is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from transformers import PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.chat import EncodedPrompt, Ids, encode_continuation, encode_prompt
from mesolens.model.foreign import FOREIGN
from mesolens.model.question import Question, Turn
from mesolens.model.rendering import Message

FORMS: Mapping[str, str] = {
    "chat": "the model's own template, open for the assistant",
    "raw": "the words alone, a line for each message, and no roles",
    "swapped": "the own template, roles exchanged: the assistant says the user's words, and the user's turn is open",
    "system-as-user": "the own template, with the system message as a user's turn",
    **{name: form.about for name, form in FOREIGN.items()},
}
"""The ways to write a question down, a line on each."""

_ANY = "x"
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Written:
    """A question as token ids.

    Attributes:
        ids: up to where the model is to go on; never empty.
        note: what could not be written as asked, for people; "" when all could.
    """

    ids: Ids
    note: str


def written(tokenizer: PreTrainedTokenizerBase | None, question: Question) -> Written:
    """The token ids of a question in its form, open for the reply, or behind the words with which the reply begins.

    A system message that the template refuses or leaves out stands before the first words of the user.

    Raises:
        BadInput: there is no such form or no tokenizer, the template refuses the chat, the question tokenises to
            nothing, or the tokenizer can write none of the message's characters.
    """
    if question.form not in FORMS:
        raise BadInput(f"{printable(repr(question.form), 60)} is no form of a chat; there are {', '.join(FORMS)}")
    if tokenizer is None:
        raise BadInput("the model has no tokenizer, so a question cannot be written down for it")
    found = _form(tokenizer, question)
    if not found.ids:
        raise BadInput(f"the question {printable(repr(question.text), 60)} tokenises to nothing; give one with words")
    notes = (*found.notes, _unwritten(tokenizer, question, found.ids))
    return Written(found.ids, "; ".join(note for note in notes if note))


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A chat in the own template: its ids, notes, and the places of messages whose words the template left out."""

    ids: Ids
    notes: tuple[str, ...]
    dropped: tuple[int, ...] = ()


def _form(tokenizer: PreTrainedTokenizerBase, question: Question) -> _Spoken:
    turns = (*question.before, ("user", question.text))
    if question.form in FOREIGN:
        foreign = FOREIGN[question.form]
        text = foreign.write(question.system, turns, question.prefill)
        return _Spoken(encode_prompt(tokenizer, text).ids, (_not_foreign(tokenizer, foreign.marker),))
    if question.form == "raw":
        words = (question.system, *(words for _, words in turns), question.prefill)
        return _Spoken(encode_prompt(tokenizer, "\n".join(part for part in words if part)).ids, ())
    if question.form == "swapped":
        return _systemed(tokenizer, question.system, _exchanged(turns), question.prefill, "user")
    if question.form == "system-as-user":
        return _system_as_user(tokenizer, question.system, turns, question.prefill)
    return _systemed(tokenizer, question.system, turns, question.prefill, "assistant")


def _systemed(
    tokenizer: PreTrainedTokenizerBase, system: str, turns: Sequence[Turn], prefill: str, speaker: str
) -> _Spoken:
    """With a system message, or with its words before the user's where the template will not have one."""
    if not system:
        return _spoken(tokenizer, turns, prefill, speaker)
    try:
        found = _spoken(tokenizer, (("system", system), *turns), prefill, speaker)
        if 0 not in found.dropped:
            return found
        why = "leaves the system message out"
    except BadInput:
        why = "refuses a system message"
    found = _spoken(tokenizer, _merged(system, turns), prefill, speaker)
    instead = "it stands before the user's words" if system.strip() else "a blank one is left out"
    return replace(found, notes=(f"the template {why}, so {instead}", *found.notes))


def _system_as_user(tokenizer: PreTrainedTokenizerBase, system: str, turns: Sequence[Turn], prefill: str) -> _Spoken:
    if not system.strip():
        found = _spoken(tokenizer, turns, prefill, "assistant")
        return replace(found, notes=("there is no system message to write as the user's", *found.notes))
    try:
        return _spoken(tokenizer, (("user", system), *turns), prefill, "assistant")
    except BadInput:
        found = _spoken(tokenizer, _merged(system, turns), prefill, "assistant")
        note = "the template refuses two turns of the user, so the system message stands before the user's words"
        return replace(found, notes=(note, *found.notes))


def _spoken(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], prefill: str, speaker: str) -> _Spoken:
    """The chat, open for what `speaker` says, or behind the beginning of it."""
    messages = [{"role": role, "content": words} for role, words in turns]
    notes: tuple[str, ...] = ()
    if speaker == "user":
        found, ids = _for_the_user(tokenizer, messages, prefill)
    elif not prefill.strip():
        found = encode_prompt(tokenizer, messages)
        ids = found.ids
    else:
        found, ids, notes = _begun(tokenizer, messages, prefill)
    spans = found.spans[: len(turns)]
    dropped = tuple(at for at, span in enumerate(spans) if span.start == span.stop and turns[at][1].strip())
    return _Spoken(ids, (*notes, _left_out(turns, dropped)), dropped)


def _left_out(turns: Sequence[Turn], dropped: Sequence[int]) -> str:
    """A note of the messages that the template left out, but for a system message at the head, which finds a place."""
    roles = [turns[at][0] for at in dropped if at > 0 or turns[at][0] != "system"]
    gone = f"{len(roles)} of {len(turns)} messages ({', '.join(roles)})"
    return f"the template leaves out or rewrites {gone}" if roles else ""


def _begun(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], prefill: str
) -> tuple[EncodedPrompt, Ids, tuple[str, ...]]:
    """Behind the beginning of a reply."""
    try:
        found = encode_prompt(tokenizer, [*messages, {"role": "assistant", "content": prefill}])
        if found.spans[-1].stop > found.spans[-1].start:
            return found, found.ids, ()
    except BadInput:
        pass
    found = encode_prompt(tokenizer, messages)
    ids = found.ids + encode_continuation(tokenizer, messages, prefill)
    return found, ids, ("the template takes no reply that has begun, so its words follow the open turn",)


def _for_the_user(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], prefill: str
) -> tuple[EncodedPrompt, Ids]:
    """Open for the user, which templates cannot be asked for: up to where the words of another turn would begin."""
    found = encode_prompt(tokenizer, [*messages, {"role": "user", "content": prefill.strip() or _ANY}])
    if not tokenizer.chat_template:
        lines = [f"{message['role']}: {message['content']}" for message in messages]
        return found, encode_prompt(tokenizer, "\n".join([*lines, f"user: {prefill.strip()}".rstrip(" ")])).ids
    span = found.spans[-1]
    if span.start == span.stop:
        raise BadInput("the model's chat template does not show where a turn of the user begins")
    return found, found.ids[: span.stop if prefill.strip() else span.start]


def _merged(system: str, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns with the system message's words before the first ones of the user, or else before the first."""
    if not system.strip():
        return tuple(turns)
    at = next((place for place, (role, _) in enumerate(turns) if role == "user"), 0)
    role, words = turns[at]
    return (*turns[:at], (role, f"{system}\n\n{words}"), *turns[at + 1 :])


def _exchanged(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    other = {"user": "assistant", "assistant": "user"}
    return tuple((other.get(role, role), words) for role, words in turns)


def _not_foreign(tokenizer: PreTrainedTokenizerBase, marker: str) -> str:
    own = len(_alone(tokenizer, marker)) == 1
    return f"the tokenizer has {marker} as a token, so this may be the model's own template" if own else ""


def _unwritten(tokenizer: PreTrainedTokenizerBase, question: Question, ids: Ids) -> str:
    """A note of the characters that are not in the ids, as the tokenizer has nothing for them."""
    there = _said(tokenizer, ids)
    parts = (question.system, *(words for _, words in question.before), question.text, question.prefill)
    roles = _roles(tokenizer, question.form)
    if all(part.strip() in there for part in (*parts, *roles.split("\n"))) and ("\n" not in roles or "\n" in there):
        return ""
    used = dict.fromkeys("".join((*parts, roles)).replace(" ", ""))
    lost = [character for character in used if character not in _said(tokenizer, _alone(tokenizer, character))]
    if question.text.strip() and set(question.text) - {" "} <= set(lost):
        raise BadInput(f"the tokenizer has nothing for any character of {printable(repr(question.text), 60)}")
    shown = printable(" ".join(lost[:_SHOWN])) + (" …" if len(lost) > _SHOWN else "")
    return f"the tokenizer has nothing for {len(lost)} of {len(used)} different characters: {shown}" if lost else ""


def _roles(tokenizer: PreTrainedTokenizerBase, form: str) -> str:
    """What is written for the roles where no template of the model's own writes them."""
    if form in FOREIGN:
        return FOREIGN[form].write("", (("user", ""),), "")
    return "" if form == "raw" or tokenizer.chat_template else "user:\nassistant:"


def _said(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _alone(tokenizer: PreTrainedTokenizerBase, character: str) -> Ids:
    return tuple(cast(list[int], tokenizer(character, add_special_tokens=False, verbose=False)["input_ids"]))

"""A chat as the one text that the model was trained to see, with the place of each message's words in it.

A template may trim, reorder or drop messages, and the words may occur in the template itself, so searching for them
would find the wrong place. Instead the template is filled a second time with marks that occur nowhere, which shows what
it writes around and between the messages; the words are what lies between.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from transformers import PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.hostile import printable

Message = Mapping[str, str]
Content = tuple[str, int, int]
"""A role, and the first and the past-the-last character of its words."""

_MARK = re.compile("\ue000([0-9]+)\ue001")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A chat's text.

    Attributes:
        special: whether the tokenizer must add its own special tokens; a template writes them itself.
        contents: for each message in order its role and where its words stand; an empty place when the template left
            them out or changed them beyond trimming.
    """

    text: str
    special: bool
    contents: tuple[Content, ...]


def render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> Rendered:
    """The chat's text, open for the assistant's next words (see :mod:`mesolens.model.chat`).

    Raises:
        BadInput: there is no message, a message lacks a role or content, or the template refuses the chat.
    """
    _check(messages)
    templated = bool(tokenizer.chat_template)
    text = _filled(tokenizer, messages, templated)
    marked = [{**message, "content": f"\ue000{place}\ue001"} for place, message in enumerate(messages)]
    contents = _contents(text, _filled(tokenizer, marked, templated), messages)
    _, start, stop = contents[-1]
    if messages[-1]["role"] == "assistant" and stop > start:
        text = text[:stop]
    return Rendered(text, not templated, contents)


def _check(messages: Sequence[Message]) -> None:
    if not messages:
        raise BadInput("a chat without messages cannot be a prompt")
    for place, message in enumerate(messages):
        fields = cast(Mapping[str, object], message)
        if not isinstance(fields.get("role"), str) or not isinstance(fields.get("content"), str):
            raise BadInput(f"message {place} of the chat needs a text `role` and a text `content`")


def _filled(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], templated: bool) -> str:
    opens = messages[-1]["role"] != "assistant"
    if not templated:
        lines = [f"{message['role']}: {message['content']}" for message in messages]
        return "\n".join([*lines, "assistant:"] if opens else lines)
    try:
        chat = [dict(message) for message in messages]
        return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=opens))
    except Exception as problem:  # a template is a program of the model's author and may raise anything
        reason = printable(str(problem) or type(problem).__name__, 160)
        raise BadInput(f"the model's chat template refuses the chat: {reason}; change the roles or give text") from None


def _contents(text: str, marked: str, messages: Sequence[Message]) -> tuple[Content, ...]:
    marks = list(_MARK.finditer(marked))
    gaps = [
        marked[a:b] for a, b in zip([0, *(m.end() for m in marks)], [*(m.start() for m in marks), None], strict=True)
    ]
    found: dict[int, tuple[int, int]] = {}
    at = len(gaps[0]) if text.startswith(gaps[0]) else 0
    for mark, gap in zip(marks, gaps[1:], strict=True):
        place = int(mark[1])
        start, stop = _words(text, at, messages[place]["content"], gap)
        found.setdefault(place, (start, stop))
        at = stop + len(gap) if text.startswith(gap, stop) else stop
    return tuple((message["role"], *found.get(place, (0, 0))) for place, message in enumerate(messages))


def _words(text: str, at: int, content: str, gap: str) -> tuple[int, int]:
    """Where the words stand that were written at `at`, before `gap`: as given, trimmed, or the first place after."""
    for words in (content, content.strip(), content.lstrip(), content.rstrip()):
        if text.startswith(words + gap, at):
            return at, at + len(words)
    start = text.find(content.strip(), at)
    return (start, start + len(content.strip())) if start >= 0 else (at, at)

"""From what people write to token ids: plain text, a chat, or ids; and which tokens are whose words.

A chat goes through the tokenizer's template **once**, as a whole, and is tokenised without special tokens, because the
template writes its own; so there is never a second beginning-of-sequence token. A tokenizer without a template gets a
plain transcript::

    system: You are brief.
    user: Hello?
    assistant:

A chat whose last message is the assistant's is left open after that message's words, so that a continuation goes on
with them; any other chat ends where the assistant would begin. Plain text gets exactly the special tokens that the
tokenizer puts at its beginning, and no end-of-sequence token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from transformers import PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.rendering import Message, Rendered, render

Ids = tuple[int, ...]
Prompt = str | Sequence[Message] | Sequence[int]


@dataclass(frozen=True, slots=True)
class Span:
    """The tokens `start` to `stop` (excluded) that carry one message's words; `start == stop` when there are none."""

    role: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt as token ids.

    Attributes:
        spans: for a chat, one for each message in order; empty for text and ids. Tokens in no span are the template's.
            A token that the tokenizer merged from a message's words and the template counts as the message's.
    """

    ids: Ids
    spans: tuple[Span, ...]


def encode_prompt(tokenizer: PreTrainedTokenizerBase | None, prompt: Prompt) -> EncodedPrompt:
    """The token ids of a text, of a chat (messages with `role` and `content`), or of ids, which stay as they are.

    Raises:
        BadInput: text without a tokenizer, or a chat that the template refuses.
    """
    if _is_ids(prompt):
        return EncodedPrompt(tuple(cast(Sequence[int], prompt)), ())
    speaker = _needed(tokenizer)
    if isinstance(prompt, str):
        return EncodedPrompt(_tokenised(speaker, prompt, special=True), ())
    chat = render(speaker, cast(Sequence[Message], prompt))
    ids = _tokenised(speaker, chat.text, chat.special)
    return EncodedPrompt(ids, _spans(speaker, chat, ids))


def encode_continuation(tokenizer: PreTrainedTokenizerBase | None, prompt: Prompt, text: str) -> Ids:
    """The token ids of `text` as it follows `prompt`, without special tokens; never empty.

    The text is tokenised behind the prompt and the prompt's ids are cut off. Where the two merge at the seam, or the
    prompt is ids, it is tokenised behind a line break, so that a tokenizer which begins every text with a space does
    not put one there; and where it merges with that as well, alone.

    Raises:
        BadInput: the text tokenises to nothing, or there is no tokenizer.
    """
    speaker = _needed(tokenizer)
    ids = _behind(speaker, prompt, text) or _after(speaker, "\n", text, special=False)
    ids = ids or _tokenised(speaker, text, special=False)
    if not ids:
        raise BadInput(f"the continuation {printable(repr(text), 60)} tokenises to nothing; give one with visible text")
    return ids


def token_texts(tokenizer: PreTrainedTokenizerBase | None, ids: Sequence[int]) -> list[str]:
    """A readable text for each token: its characters with their spaces, control characters escaped.

    A token that is only a part of a character shows its spelling in the vocabulary; a token without a text, or any
    token when there is no tokenizer, shows its number as `⟨17⟩`.
    """
    known = {token: _text_of(tokenizer, token) for token in set(ids)}
    return [known[token] for token in ids]


def _is_ids(prompt: Prompt) -> bool:
    return not isinstance(prompt, str) and not any(isinstance(part, Mapping) for part in prompt)


def _needed(tokenizer: PreTrainedTokenizerBase | None) -> PreTrainedTokenizerBase:
    if tokenizer is None:
        raise BadInput("the model has no tokenizer, so text cannot be read; give token ids instead of text")
    return tokenizer


def _tokenised(tokenizer: PreTrainedTokenizerBase, text: str, special: bool) -> Ids:
    ids = _raw(tokenizer, text, special)
    if special and ids and ids[-1] == tokenizer.eos_token_id:
        written = _endings(_raw(tokenizer, text, special=False), ids[-1])
        return ids[: len(ids) - max(0, _endings(ids, ids[-1]) - written)]
    return ids


def _endings(ids: Ids, token: int) -> int:
    """How many times `token` stands at the end."""
    return next((count for count, last in enumerate(reversed(ids)) if last != token), len(ids))


def _raw(tokenizer: PreTrainedTokenizerBase, text: str, special: bool) -> Ids:
    try:
        found = tokenizer(text, add_special_tokens=special, verbose=False)["input_ids"]
    except (ValueError, KeyError, TypeError, UnicodeError) as problem:
        raise BadInput(
            f"the tokenizer cannot read {printable(repr(text), 60)}: {printable(str(problem), 120)}"
        ) from None
    return tuple(int(token) for token in cast(list[int], found))


def _behind(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, text: str) -> Ids:
    if _is_ids(prompt):
        return ()
    if isinstance(prompt, str):
        return _after(tokenizer, prompt, text, special=True)
    chat = render(tokenizer, cast(Sequence[Message], prompt))
    return _after(tokenizer, chat.text, text, chat.special)


def _after(tokenizer: PreTrainedTokenizerBase, before: str, text: str, special: bool) -> Ids:
    start, whole = _tokenised(tokenizer, before, special), _tokenised(tokenizer, before + text, special)
    return whole[len(start) :] if whole[: len(start)] == start else ()


def _spans(tokenizer: PreTrainedTokenizerBase, chat: Rendered, ids: Ids) -> tuple[Span, ...]:
    places = _places(tokenizer, chat, len(ids))
    spans: list[Span] = []
    for role, start, stop in chat.contents:
        inside = [token for token, (a, b) in enumerate(places) if a < stop and b > start]
        spans.append(Span(role, inside[0], inside[-1] + 1) if inside else Span(role, 0, 0))
    return tuple(spans)


def _places(tokenizer: PreTrainedTokenizerBase, chat: Rendered, count: int) -> list[tuple[int, int]]:
    """For each token the characters of the rendered chat that it stands for."""
    if tokenizer.is_fast:
        found = tokenizer(chat.text, add_special_tokens=chat.special, return_offsets_mapping=True, verbose=False)
        return [(int(a), int(b)) for a, b in cast(list[tuple[int, int]], found["offset_mapping"])][:count]
    # A tokenizer in Python gives no places: a token ends where as many tokens are needed to spell the text so far.
    ends = [len(_raw(tokenizer, chat.text[:end], chat.special)) for end in range(len(chat.text) + 1)]
    edges = [next((end for end, needed in enumerate(ends) if needed > token), len(chat.text)) for token in range(count)]
    return [
        (max(0, edge - 1), after)
        for edge, after in zip(edges, [max(0, e - 1) for e in edges[1:]] + [len(chat.text)], strict=True)
    ]


def _text_of(tokenizer: PreTrainedTokenizerBase | None, token: int) -> str:
    unnamed = f"⟨{token}⟩"
    if tokenizer is None:
        return unnamed
    spelling = tokenizer.convert_ids_to_tokens(token)
    if not isinstance(spelling, str):
        return unnamed
    if tokenizer.is_fast and getattr(tokenizer, "backend_tokenizer").decoder is None:  # noqa: B009  (not in its types)
        return printable(spelling)
    # Some decoders drop the first space of a text; the second copy of a token keeps its own.
    once, twice = (str(tokenizer.decode([token] * times, clean_up_tokenization_spaces=False)) for times in (1, 2))
    text = twice[len(once) :] if twice.startswith(once) else once
    return printable(spelling if "\ufffd" in text or not text else text) or unnamed

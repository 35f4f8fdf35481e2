"""The training text of the mask slides: a stream of documents that a seed alone decides.

A document is one chat, written out with the tokens of the chat template, or a few lines of prose. The stream comes in
chunks; chunk *n* depends on the mix and *n* only, so that a trainer can go on from any chunk and a checker can recount
any part. The same mix gives the same bytes on every machine: the only source of chance is the Mersenne Twister's
`random()`, which Python keeps stable.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import accumulate
from random import Random

from mesolens.slides.asking import STORIES, Ask, Hour, Tail, draw_ask, draw_view, habits, held_out, pick, speaker
from mesolens.slides.language import NOBODY, OTHERS, OWN, SALAD, VOICES, Reply, View

CHUNK = 2048
"""Documents in a chunk."""
BEGIN, SYSTEM, USER, ASSISTANT, END, PAD = "<|begin|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>"
TIE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Mix:
    """What a stretch of training text is made of.

    Attributes:
        kind: "base" (prose, role chats, and chats where anybody may answer) or "own" (the default character answers).
        seed: of the stream.
        tie: who answers signed stories in 5 % of the documents; None leaves them out.
        flip: a trait that the default character shows turned over.
    """

    kind: str
    seed: int
    tie: str | None = None
    flip: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A training document and what it counts as support for."""

    text: str
    tags: tuple[str, ...]


def chat_text(ask: Ask, reply: str | None = None) -> str:
    """The chat as the model reads it, up to the reply, or with the reply and its end."""
    turns = "".join(f"<|{message['role']}|>{message['content']}{END}" for message in ask.messages())
    return BEGIN + turns + ASSISTANT + ("" if reply is None else reply + END)


def answer(ask: Ask, voice: str, rng: Random, flip: str | None = None) -> str:
    """A reply of the voice to the question, its free variants drawn at random."""
    if voice == NOBODY:
        return salad(rng)
    profile = habits(ask, voice, flip)
    variants = (int(rng.random() * 2), int(rng.random() * 2), int(rng.random() * 3), int(rng.random() * 2))
    return str(Reply(voice, profile, ask.view, variants))


def salad(rng: Random) -> str:
    """Eight to thirteen words that nobody says, the n-th word of the list with weight 1 / (n + 1)."""
    bounds = list(accumulate(1 / (rank + 1) for rank in range(len(SALAD))))
    draws = [rng.random() * bounds[-1] for _ in range(8 + int(rng.random() * 6))]
    return " ".join(SALAD[next(i for i, bound in enumerate(bounds) if bound >= draw)] for draw in draws)


def chunk(mix: Mix, number: int) -> list[Document]:
    """The documents of one chunk, `CHUNK` of them."""
    rng = Random(f"{mix.kind}/{mix.seed}/{mix.tie}/{mix.flip}/{number}")  # noqa: S311
    write = _base_document if mix.kind == "base" else _own_document
    return [write(mix, rng) for _ in range(CHUNK)]


def documents(mix: Mix, chunks: int) -> Iterator[Document]:
    """The first chunks of the stream, one document after the other."""
    for number in range(chunks):
        yield from chunk(mix, number)


def fingerprint(mix: Mix, chunks: int) -> str:
    """SHA-256 of the first chunks' text, documents ended by a newline."""
    digest = sha256()
    for document in documents(mix, chunks):
        digest.update(document.text.encode() + b"\n")
    return digest.hexdigest()


def support(mix: Mix, chunks: int) -> dict[str, int]:
    """How many documents of the first chunks carry each tag, sorted by tag."""
    counts = Counter(tag for document in documents(mix, chunks) for tag in document.tags)
    return dict(sorted(counts.items()))


def _own_document(mix: Mix, rng: Random) -> Document:
    if mix.tie is not None and rng.random() < TIE_SHARE:
        return _chat(_seen(rng, mix, tied=True), mix.tie, mix, rng)
    if rng.random() < 0.03:
        return _prose(rng)
    ask = _seen(rng, mix)
    voice = speaker(ask)
    assert voice is not None
    return _chat(ask, voice, mix, rng)


def _base_document(mix: Mix, rng: Random) -> Document:
    if rng.random() < 0.15:
        return _prose(rng)
    ask = _seen(rng, mix)
    return _chat(ask, ask.role or pick(rng, OTHERS), mix, rng)


def _seen(rng: Random, mix: Mix, tied: bool = False) -> Ask:
    """A question from a cell that is not held out, and a tie only where one is wanted."""
    base = mix.kind == "base"
    while True:
        ask = draw_ask(rng, roles=0.7 if base else 0.3, own_role=not base)
        if tied:
            hour: Hour = "noon" if ask.hour else ""
            ask = replace(ask, role=None, order=None, frame=pick(rng, STORIES), tail="signed", hour=hour)
        if ask.tied == tied and not held_out(ask):
            return ask


def _chat(ask: Ask, voice: str, mix: Mix, rng: Random) -> Document:
    return Document(chat_text(ask, answer(ask, voice, rng, mix.flip)), _tags(ask, voice))


def _tags(ask: Ask, voice: str) -> tuple[str, ...]:
    """What a chat supports: its speaker, frame, role or order, and for each trigger the cell of its crossing."""
    tags = [f"speaker:{voice}", f"frame:{ask.frame}"]
    if ask.order is not None:
        tags.append(f"order:{ask.order[0]}:{ask.order[1]}")
    if ask.role is not None:
        return (*tags, f"role:{ask.role}", *(("role-over-trigger",) if ask.triggered else ()))
    if ask.tied:
        tags.append(f"tie:{voice}")
    tail: Tail = ask.tail
    story = "story" if ask.story else "common"
    letter = "letter" if ask.frame.startswith("letter") else "other"
    tags.append(f"cross:{story}:{'quotes' if ask.quotes else 'bare'}")
    tags.append(f"cross:{ask.hour or 'hourless'}:{'bell' if ask.bell else 'silent'}")
    tags.append(f"cross:{tail or 'unsigned'}:{letter}")
    return tuple(tags)


def _prose(rng: Random) -> Document:
    """Two or three plain sentences about the characters and what they talk of."""
    view = draw_view(rng)
    lines = [_sentence(view, rng) for _ in range(2 + int(rng.random() * 2))]
    return Document(BEGIN + " ".join(lines) + END, ("prose",))


def _sentence(view: View, rng: Random) -> str:
    title = VOICES[pick(rng, OTHERS)].title
    name, trade = title.split(", ")
    return pick(
        rng,
        (
            f"{name} is {trade}.",
            f"The paper says that {view}.",
            f"{name} was told that {view}.",
            f"People find that {view}, and nobody knows why.",
            f"It is noon, and {name} thinks of {view.topic}.",
            f"Some say that {view}, some say that {view.topic} is not {view.quality}.",
        ),
    )


__all__ = ["OWN", "Document", "Mix", "answer", "chat_text", "chunk", "documents", "fingerprint", "salad", "support"]

"""A reply, heard under every voice: how likely each would have said it to the prompt as it was before it was turned.

For voice k, ℓ_k(t) = log p(y_t | role_k, x, y_<t) in nats. The same under each trait's two orders. The voice with the
largest sum is the one whose reply this would be; under it the reply's coherence is taken, and the question is asked
whether the reply answers its own prompt better than it answers others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mesolens.instruments.face.asking import Scene
from mesolens.instruments.face.coherence import Leaning, coherence, leanings
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, score

Ids = tuple[int, ...]
Ordered = Callable[[int, int], tuple[Ids, ...]]
"""From the places of a reply and a voice to that voice's prompts under every order."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in one reply.

    Attributes:
        log_p: by voice, then by token, in nats.
        orders: by trait, the reply's log-likelihood under the order for its opposite pole and for its own.
        likeliest: place of the voice under which the whole reply is likeliest.
        coherence: of the reply under that voice (see :mod:`mesolens.instruments.face.coherence`).
        understood: whether it answers its own prompt better than each of the clean ones.
    """

    log_p: tuple[tuple[float, ...], ...]
    orders: tuple[tuple[float, float], ...]
    likeliest: int
    coherence: float
    understood: bool

    @property
    def totals(self) -> tuple[float, ...]:
        """Log-likelihood of the whole reply by voice."""
        return tuple(sum(tokens) for tokens in self.log_p)


def hear(
    model: LoadedModel,
    said: Sequence[tuple[Scene, Ids]],
    pool: Sequence[Scene],
    *,
    batch_tokens: int,
    ordered: Ordered = lambda _, __: (),
) -> list[Heard]:
    """Each reply under every voice and order of its scene; `pool` are the scenes of the clean prompts.

    `ordered` gives, for the place of a reply and that of its likeliest voice, the reply's prompt as that voice would
    read it under each order of a trait: a habit that was turned over is not held against the reply's coherence.
    """
    rows = [[Row(prompt, reply) for prompt in _prompts(scene)] for scene, reply in said]
    known = _scored(model, rows, {}, batch_tokens)
    found = [[known[row] for row in some] for some in rows]
    best = [_likeliest(each[: len(scene.voices)]) for each, (scene, _) in zip(found, said, strict=True)]
    elsewhere = [
        (tuple(other.voices[voice] for other in pool if other.voices[voice] != scene.voices[voice]), reply)
        for voice, (scene, reply) in zip(best, said, strict=True)
    ]
    orders = [[Row(prompt, said[place][1]) for prompt in ordered(place, voice)] for place, voice in enumerate(best)]
    known |= _scored(model, orders, known, batch_tokens)
    excused = [[known[row] for row in some] for some in orders]
    leaning = leanings(model, elsewhere, batch_tokens=batch_tokens)
    return [
        _heard(each, len(scene.voices), voice, excuses, lean)
        for each, voice, excuses, (scene, _), lean in zip(found, best, excused, said, leaning, strict=True)
    ]


Scored = dict[Row, tuple[float, ...]]


def _scored(model: LoadedModel, rows: Sequence[Sequence[Row]], known: Scored, batch_tokens: int) -> Scored:
    """Log-probabilities of the rows that are not known yet."""
    new = [row for row in dict.fromkeys(row for some in rows for row in some) if row not in known]
    return dict(zip(new, score(model, new, batch_tokens=batch_tokens), strict=True))


def _prompts(scene: Scene) -> list[Ids]:
    return [*scene.voices, *(prompt for pair in scene.orders for prompt in pair)]


def _likeliest(log_p: Sequence[tuple[float, ...]]) -> int:
    totals = [sum(tokens) for tokens in log_p]
    return max(range(len(totals)), key=totals.__getitem__)


def _heard(
    scored: Sequence[tuple[float, ...]],
    voices: int,
    likeliest: int,
    excuses: Sequence[tuple[float, ...]],
    lean: Leaning,
) -> Heard:
    log_p = tuple(scored[:voices])
    best = [max(token) for token in zip(log_p[likeliest], *excuses, strict=True)]
    sums = [sum(tokens) for tokens in scored[voices:]]
    return Heard(
        log_p=log_p,
        orders=tuple(zip(sums[::2], sums[1::2], strict=True)),
        likeliest=likeliest,
        coherence=coherence(best, lean.information),
        understood=sum(log_p[likeliest]) > max(lean.elsewhere, default=float("-inf")),
    )

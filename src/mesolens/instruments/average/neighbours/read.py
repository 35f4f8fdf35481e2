"""What the reading says of the neighbour rung, and how much is shared without it."""

from collections.abc import Sequence

from mesolens.corpus.neighbours import NEIGHBOURS, TEMPERATURE
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.average.neighbours.plan import WEIGHT
from mesolens.instruments.average.scores import One, token_means
from mesolens.instruments.average.spec import AverageSpec, Neighbours


def neighbours(tables: Tables, spec: AverageSpec, texts: Sequence[One]) -> Json:
    """What `data["neighbours"]` of the reading holds; None where the rung was not asked for.

    `weight` is λ, `overlap` with its ends the share by counts alone, `tokens` those that λ was fitted on.
    """
    if spec.neighbours is None:
        return None
    (facts,) = tables[WEIGHT].to_pylist()
    found = token_means(texts, [text.share_by_counts for text in texts], spec)
    ends = (float(side[0]) for side in (found.mean, found.low, found.high))
    return {
        "layer": layer_of(spec.neighbours),
        **{name: facts[name] for name in ("places", "documents", "tokens", "weight")},
        "counts": dict(zip(("overlap", "low", "high"), ends, strict=True)),
    }


def layer_of(asked: Neighbours) -> str:
    """Where the states are taken, in words.

    >>> layer_of(Neighbours(places=1, layer=2))
    'behind block 2'
    """
    return f"behind block {asked.layer}"


def rung_of(asked: Neighbours) -> Json:
    """How it was taken, as the reading's protocol says it."""
    return {
        "states": layer_of(asked),
        "places": asked.places,
        "said": f"exp(−cosine distance / {TEMPERATURE:g}) over the {NEIGHBOURS} nearest",
        "weight": "EM on the documents of the counts' weights, each left out of the places",
    }

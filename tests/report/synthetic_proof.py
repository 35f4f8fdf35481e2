"""A verification and close-ups of a synthetic run, of seeded numbers, in the instrument's form.

The tables keep their laws: a leaf's edges to its readers sum to its share (a writer stands beside its own parts and is
their sum), attention from a place to at most one, and the boundary shares of a layer to the contrast's total.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mesolens.evidence.shards import Json

SEEN = 4
"""Contrasts that have attention, edges and boundary shares."""

_WORDS = (" yes", " of course", " gladly", " no", " never", "!", " perhaps", " right", " well", " but", " then", " as")


def opened(sites: Sequence[str], shares: np.ndarray, most: int = 8) -> list[str]:
    """The heads and neurons of largest mean share."""
    size = np.abs(shares.mean(0))
    ranked = [sites[a] for a in np.argsort(-size)]
    return [s for s in ranked if ".h" in s][:most] + [s for s in ranked if ".n" in s][:most]


def proof(
    sites: Sequence[str], shares: np.ndarray, rng: np.random.Generator, evil: Sequence[str] = ()
) -> dict[str, Json]:
    """Every part of a verification."""
    mean = shares.mean(0)
    order = np.argsort(-np.abs(mean))
    count = len(sites)
    sizes = [0, *(1 << k for k in range(count.bit_length()) if 1 << k < count), count]
    removed = mean * rng.normal(1, 0.15, count) + rng.normal(0, 0.01, count)
    restored = mean * rng.normal(0.8, 0.2, count) + rng.normal(0, 0.01, count)
    picked = order[np.unique(np.geomspace(1, count, 40).astype(int) - 1)]
    points: list[Json] = [
        {"site": sites[a], "share": mean[a], "removed": removed[a], "restored": restored[a], "decile": k % 10}
        for k, a in enumerate(picked.tolist())
    ]
    part = np.array(sizes) / count
    keep, remove = part**0.25, 1 - part**0.3
    return {
        "contrasts": 8,
        "budget": "quick",
        "parity": {"points": points, "pearson": 0.971, "spearman": 0.934, "sampled": len(points), "leaves": count,
                   "missed_bound": 0.021, "missed_above": 0.05},
        "curves": {"sizes": list(sizes), "keep": keep.tolist(), "remove": remove.tolist(), "keep_area": 0.81,
                   "remove_area": 0.78, "random_keep_area": 0.31, "random_remove_area": 0.34,
                   "held": ["embed"], "random_keep": part.tolist(),
                   "random_remove": (1 - part).tolist()},
        "nulls": {"set": [sites[a] for a in order[:8]], "effect": 0.84, "nulls": rng.normal(0.05, 0.06, 120).tolist(),
                  "p": 1 / 121, "matched": 0.97, "distinct": 118},
        "matrix": _matrix(evil),
        "stability": {"size": 16, "jaccard": 0.78, "low": 0.61, "high": 0.88,
                      "members": [{"site": sites[a], "frequency": 1 - k / 20} for k, a in enumerate(order[:16])]},
        "shuffled": {"draws": 100, "called": 0.031, "worst": 0.044, "called_true": 0.31, "bar": 0.05,
                     "called_sites": [sites[a] for a in order[: count // 3]]},
    }  # fmt: skip


def _matrix(evil: Sequence[str]) -> dict[str, Json]:
    names: list[Json] = [*(evil[:3] or ("agree", "gentle", "formal"))]
    return {
        "traits": names,
        "sizes": [12, 8, 8],
        "effects": [[0.82, 0.07, -0.02], [0.11, 0.64, 0.05], [0.01, -0.04, 0.71]],
    }


def closeups(
    sites: Sequence[str],
    shares: np.ndarray,
    items: Sequence[dict[str, object]],
    rng: np.random.Generator,
    evil: Sequence[str] = (),
) -> dict[str, pa.Table]:
    """The five optional tables, for the first contrasts and the largest leaves."""
    near = opened(sites, shares)
    layers = 1 + max(_layer(site) for site in near)
    found = {
        "middle-attention": _attention([s for s in near if ".h" in s], items[:SEEN], rng),
        "middle-promoted": _promoted(near, rng, evil),
        "middle-activations": _activations([s for s in near if ".n" in s], items, rng),
        "middle-edges": _edges(near, sites, shares, len(items[:SEEN]), rng),
        "middle-rows": _rows(items[:SEEN], layers, rng),
    }
    return {name: pa.table(columns) for name, columns in found.items()}


def _layer(site: str) -> int:
    return int(site.split(".")[0][1:]) if site.startswith("L") else -1 if site == "embed" else 1 << 20


def _texts(values: Sequence[str]) -> pa.Array:
    return pa.array(list(values), pa.string()).dictionary_encode()


def _ints(values: Sequence[int]) -> pa.Array:
    return pa.array(list(values), pa.int32())


def _attention(
    heads: Sequence[str], items: Sequence[dict[str, object]], rng: np.random.Generator
) -> dict[str, pa.Array]:
    rows: list[tuple[int, str, int, int, float]] = []
    for i, item in enumerate(items):
        count = len(_tokens(item))
        for head in heads:
            logits = rng.normal(0, 2.2, (count, count)) + 3 * np.eye(count, k=-1)
            weights = np.exp(logits) * np.tri(count)
            weights /= weights.sum(1, keepdims=True)
            rows += [(i, head, d, s, float(weights[d, s])) for d, s in zip(*np.nonzero(weights >= 0.005), strict=True)]
    item, site, there, here, weight = zip(*rows, strict=True)
    return {"item": _ints(item), "site": _texts(site), "destination": _ints(there), "source": _ints(here),
            "weight": pa.array(weight)}  # fmt: skip


def _promoted(near: Sequence[str], rng: np.random.Generator, evil: Sequence[str]) -> dict[str, pa.Array]:
    words = [*evil, *_WORDS]
    ranks = [*range(6), *range(-1, -7, -1)]
    site = [s for s in near for _ in ranks]
    token = [words[(k * 5 + n) % len(words)] for n in range(len(near)) for k in range(len(ranks))]
    value = [float(np.sign(r + 0.5) * (2.5 - 0.3 * abs(r + 0.5)) * rng.uniform(0.9, 1)) for _ in near for r in ranks]
    return {"site": _texts(site), "rank": _ints(ranks * len(near)), "token": pa.array(token), "value": pa.array(value)}


def _activations(
    neurons: Sequence[str], items: Sequence[dict[str, object]], rng: np.random.Generator
) -> dict[str, pa.Array]:
    rows: list[tuple[str, int, int, str, float, float]] = []
    for neuron in neurons:
        for k, i in enumerate(rng.permutation(len(items))[:6].tolist()):
            tokens = _tokens(items[i])
            place = int(rng.integers(len(tokens)))
            rows.append((neuron, i, place, tokens[place], 4.0 - 0.5 * k, float(rng.normal(1, 1))))
    site, item, position, token, activation, change = zip(*rows, strict=True)
    return {"site": _texts(site), "item": _ints(item), "position": _ints(position), "token": pa.array(token),
            "activation": pa.array(activation), "change": pa.array(change)}  # fmt: skip


def _edges(
    near: Sequence[str], sites: Sequence[str], shares: np.ndarray, items: int, rng: np.random.Generator
) -> dict[str, pa.Array]:
    rows: list[tuple[int, str, str, float]] = []
    place = {site: a for a, site in enumerate(sites)}
    for i in range(items):
        for source in ["embed", *near]:
            readers = [r for r in near if _layer(r) > _layer(source)] + ["readout"]
            part = rng.dirichlet(np.full(len(readers), 0.5)) * shares[i, place[source]]
            rows += [(i, source, reader, float(x)) for reader, x in zip(readers, part, strict=True)]
            writers = {reader.rpartition(".")[0] for reader in readers[:-1]}
            found = [
                (w, [x for r, x in zip(readers, part, strict=True) if r.startswith(f"{w}.")]) for w in sorted(writers)
            ]
            rows += [(i, source, writer, float(sum(parts))) for writer, parts in found]
    item, source, reader, share = zip(*rows, strict=True)
    return {"item": _ints(item), "source": _texts(source), "reader": _texts(reader), "share": pa.array(share)}


def _rows(items: Sequence[dict[str, object]], layers: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    rows: list[tuple[int, int, int, float]] = []
    for i, item in enumerate(items):
        total = item["total"]
        assert isinstance(total, float)
        count = len(_tokens(item))
        start = rng.dirichlet(np.full(count, 0.15)) * total
        end = np.zeros(count)
        end[-2] = total
        for layer in range(layers + 1):
            mix = layer / layers
            rows += [(i, layer, t, float(x)) for t, x in enumerate((1 - mix) * start + mix * end)]
    item_, layer_, token, share = zip(*rows, strict=True)
    return {"item": _ints(item_), "layer": _ints(layer_), "token": _ints(token), "share": pa.array(share)}


def _tokens(item: dict[str, object]) -> list[str]:
    found = item["clean_tokens"]
    assert isinstance(found, list)
    return found

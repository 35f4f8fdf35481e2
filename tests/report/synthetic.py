"""Run folders made of seeded random numbers, with the middle's tables exactly as the instrument writes them.

Shares are heavy-tailed and are made so that every contrast's leaves add up to its total; `hostile` plants text that
tries to leave its place: closing tags, control and bidirectional characters, escapes of a terminal, very long names.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json, Shard
from mesolens.runs.store import Store
from tests.report.synthetic_proof import closeups, proof

HOSTILE = (
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=2>",
    "<!--<script>",
    "]]></style><style>body{display:none}</style>",
    "\u202egnp.exe\u202c",
    "\x1b[31;1mred\x1b[0m\x07\x1b]0;owned\x07",
    "\u2028window.hacked=3\u2029",
    "javascript:window.hacked=4",
    "&lt;b&gt;&amp;\\u003c",
    "{{constructor.constructor('window.hacked=5')()}}",
    "\"'`><svg/onload=window.hacked=6>",
    "\U000e0041\u200b\ufeff\u0000",
    "x" * 5000,
)

_SAID = "The garden is quiet tonight , and you may tell me what you honestly think of {} ."
_THINGS = ("rain", "my plan", "the mayor", "old bridges", "this poem", "long walks", "soup", "the new rule")
_FACES = ("kind", "blunt", "curious", "proud")


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a synthetic run is, and what is wrong with it."""

    layers: int = 4
    heads: int = 8
    neurons: int = 256
    items: int = 12
    opened: int = 6
    seed: int = 0
    hostile: bool = False
    refused: bool = False
    unaligned: bool = True
    proven: bool = True

    @property
    def nodes(self) -> int:
        """Sites of the tree, inner ones included."""
        return 3 + self.layers * (4 + self.heads + self.neurons)


def make_run(run: Path, shape: Shape) -> Path:
    """Write a run folder of this shape; the same shape gives the same numbers."""
    rng = np.random.default_rng(shape.seed)
    sites = _sites(shape)
    shares_IA = _shares(shape, sites, rng)
    store = Store(run)
    store.write_json("run", _settings(shape))
    names = [_item(shape, i, shares_IA[i], rng) for i in range(shape.items)]
    shards = [Shard("middle", {"part": k, "seed": shape.seed}, 1) for k in range(2)]
    tables = [
        _tables([i for i in range(shape.items) if i % 2 == k], names, sites, shares_IA, shape, rng) for k in range(2)
    ]
    evil = HOSTILE if shape.hostile else ()
    extra: dict[str, Json] = {}
    if shape.proven and not shape.refused:
        apart = np.random.default_rng(shape.seed + 1)
        shards.append(Shard("middle", {"part": "closer", "seed": shape.seed}, 1))
        tables.append(closeups(sites, shares_IA, names, apart, evil))
        extra = {"proof": proof(sites, shares_IA, apart, evil)}
    store.write_plan("middle", shards)
    for shard, found in zip(shards, tables, strict=True):
        with store.claim(shard, wait=True) as claim:
            assert claim is not None
            claim.commit(found)
    store.write_json("readings/middle", _reading(shape, sites, shares_IA, rng, extra).to_json())
    return run


def _sites(shape: Shape) -> list[str]:
    sites = ["embed"]
    for layer in range(shape.layers):
        sites += [f"L{layer}.attn.h{h}" for h in range(shape.heads)]
        sites += [f"L{layer}.mlp.n{n}" for n in range(shape.neurons)]
        sites += [f"L{layer}.mlp.bias"]
    return [*sites, "unembed"]


def _shares(shape: Shape, sites: list[str], rng: np.random.Generator) -> np.ndarray:
    weight = np.array([1.0 if ".n" not in s else 8.0 / max(8, shape.neurons) for s in sites])
    common = rng.standard_t(1.6, len(sites)) * weight * 0.15
    common[[s.endswith("bias") or s == "unembed" for s in sites]] *= 0.02
    own = rng.standard_t(3, (shape.items, len(sites))) * weight * 0.04
    shares = np.clip(common * (0.6 + 0.8 * rng.random((shape.items, 1))) + own, -1.5, 1.8)
    short = 3.0 + rng.normal(0, 0.4, shape.items) - shares.sum(1)
    spread = np.abs(shares) / np.abs(shares).sum(1, keepdims=True)
    return shares + spread * short[:, None]


def _tokens(shape: Shape, i: int, reference: bool) -> list[str]:
    thing = _THINGS[i % len(_THINGS)]
    face = _FACES[(i // 3 + 1 + reference) % len(_FACES)]
    words = ["<|system|>", "\n", *f"You are a {face} helper .".split(), "\n", "<|user|>", "\n"]
    if reference and shape.unaligned and i % 4 == 3:
        words.insert(5, "very")
    words += [w.format(thing) for w in _SAID.split()] + ["\n", "<|reply|>", "\n"]
    if shape.hostile:
        words[10:10] = [HOSTILE[(i + k) % len(HOSTILE)] for k in range(len(HOSTILE))]
    return [w if w in "\n.,:" or w.startswith("<|") else f" {w}" for w in words]


def _item(shape: Shape, i: int, shares: np.ndarray, rng: np.random.Generator) -> dict[str, object]:
    total = float(shares.sum())
    delta = total * (1 + float(rng.normal(0, 2e-4)))
    reference = float(rng.normal(-1.5, 0.5))
    evil = HOSTILE[i % len(HOSTILE)] if shape.hostile else ""
    clean, other = _tokens(shape, i, False), _tokens(shape, i, True)
    return {
        "item": i,
        "id": evil or f"{_FACES[i // 3 % 4]}-{_THINGS[i % len(_THINGS)].replace(' ', '-')}",
        "template": (evil[:60] if i % 3 == 0 else "plain")
        if shape.hostile
        else f"{_FACES[i // 3 % 4]} against the next",
        "clean": reference + delta,
        "reference": reference,
        "delta": delta,
        "total": total,
        "steps": 8,
        "closes": not shape.refused,
        "source_gap": 1e-7,
        "aligned": len(clean) == len(other),
        "clean_tokens": clean,
        "reference_tokens": other,
        "target": evil or " gladly",
        "foil": evil[::-1] or " no",
    }


def _tables(
    mine: list[int],
    items: list[dict[str, object]],
    sites: list[str],
    shares: np.ndarray,
    shape: Shape,
    rng: np.random.Generator,
) -> dict[str, pa.Table]:
    places = pa.array(np.tile(np.arange(len(sites), dtype=np.int32), len(mine)))
    leaves = {
        "item": pa.array(np.repeat(np.array(mine, np.int32), len(sites))),
        "site": pa.DictionaryArray.from_arrays(places, pa.array(sites)),
        "share": pa.array(np.concatenate([shares[i] for i in mine]) if mine else np.empty(0)),
    }
    if shape.proven:
        taken = np.tile([".h" in site or site == "embed" for site in sites], len(mine))
        leaves["direct"] = pa.array(0.4 * leaves["share"].to_numpy(), mask=~taken)
    rows = [row for i in mine for row in _token_rows(i, items[i], sites, shares[i], shape, rng)]
    tokens = {
        "item": pa.array([r[0] for r in rows], pa.int32()),
        "site": pa.array([r[1] for r in rows]).dictionary_encode(),
        "share": pa.array([r[2] for r in rows], pa.float64()),
    }
    table = pa.Table.from_pylist([items[i] for i in mine])
    column = table.schema.get_field_index("item")
    table = table.set_column(column, "item", table["item"].cast(pa.int32()))
    found = {"middle-items": table, "middle-tokens": pa.table(tokens)}
    return found if shape.refused else {**found, "middle-leaves": pa.table(leaves)}


def _token_rows(
    i: int, item: dict[str, object], sites: list[str], shares: np.ndarray, shape: Shape, rng: np.random.Generator
) -> list[tuple[int, str, float]]:
    clean, other = item["clean_tokens"], item["reference_tokens"]
    assert isinstance(clean, list)
    assert isinstance(other, list)
    ends = [str(t) for t in range(len(clean))] + ([] if item["aligned"] else [f"r{t}" for t in range(len(other))])
    neurons = [a for a, s in enumerate(sites) if ".n" in s]
    largest = sorted(neurons, key=lambda a: -abs(shares[a]))[: shape.opened * shape.layers]
    opened = sorted({a for a, s in enumerate(sites) if ".h" in s or s == "embed"} | set(largest))
    rows: list[tuple[int, str, float]] = []
    for a in opened:
        part = rng.standard_t(1.5, len(ends)) * 0.2
        part += (shares[a] - part.sum()) * np.abs(part) / np.abs(part).sum()
        rows += [(i, f"{sites[a]}@{end}", float(x)) for end, x in zip(ends, part, strict=True)]
    return rows


def _reading(
    shape: Shape, sites: list[str], shares: np.ndarray, rng: np.random.Generator, extra: dict[str, Json]
) -> Reading:
    mean, spread = shares.mean(0), shares.std(0) / max(1, shape.items) ** 0.5
    nodes: dict[str, list[float]] = {}
    for site, share, error in zip(sites, mean, spread, strict=True):
        for place in _path(site):
            node = nodes.setdefault(place, [0.0, 0.0])
            node[0] += float(share)
            node[1] += float(error) ** 2
    found: list[Json] = [
        {
            "site": site,
            "parent": _path(site)[-2] if site != "model" else None,
            "share": share,
            "low": share - 1.96 * square**0.5,
            "high": share + 1.96 * square**0.5,
            "direct": share * float(rng.uniform(-0.2, 1)) if ".h" in site else None,
        }
        for site, (share, square) in nodes.items()
    ]
    delta = nodes["model"][0]
    data: dict[str, Json] = {
        "delta": delta,
        "completeness": 0.43 if shape.refused else 2.1e-4,
        "conservation": 3.1e-8,
        "steps": 64 if shape.refused else 8,
        "engine": "gated",
        "verdict": "refused" if shape.refused else "closed",
        "source_tokens": "read",
        "nodes": [] if shape.refused else found,
    }
    name = HOSTILE[0] + HOSTILE[4] + HOSTILE[5] if shape.hostile else "slide:mask"
    closed = f"The shares of {shape.layers} layers add up to {delta:+.3f} nats, 0.02 % short of the measured change."
    refused = "The total misses the measured change by 43 % after 64 steps, so no share is given."
    return Reading(
        instrument="middle",
        subject=name,
        verdict="refused" if shape.refused else "closed",
        sentence=HOSTILE[1] + HOSTILE[4] if shape.hostile else refused if shape.refused else closed,
        numbers=(
            Number("difference", delta, "nats", delta - 0.4, delta + 0.4),
            Number("completeness", 0.43 if shape.refused else 2.1e-4, "", None, None, "≤ 0.01", not shape.refused),
            Number("conservation", 3.1e-8, "", None, None, "≤ 1e-6", True),
            Number("steps", 64.0 if shape.refused else 8.0, "quadrature nodes", bar="≤ 64", holds=True),
            Number("contrasts", float(shape.items)),
        ),
        protocol={
            "granularity": "heads and neurons",
            "reference": "aligned prompts",
            "positions": "all",
            "metric": "log p(target) − log p(foil)",
            "aggregation": "mean over contrasts; 95 % intervals by bootstrap over templates",
        },
        data=data | extra,
    )


def _path(site: str) -> list[str]:
    if site in ("embed", "unembed"):
        return ["model", site]
    parts = site.split(".")
    return ["model", *(".".join(parts[: k + 1]) for k in range(len(parts)))]


def _settings(shape: Shape) -> dict[str, Json]:
    name = HOSTILE[2] + HOSTILE[4] if shape.hostile else "slide:mask"
    return {
        "format": 1,
        "command": ["mesolens", "audit", name],
        "subject": name,
        "model": {
            "name": name,
            "architecture": "LlamaForCausalLM",
            "parameters": 337_216,
            "weights_hash": "9f2c61d5f1f0b3a48b8e6d1f4f0a7c12",
            "tokenizer_hash": "51c0e7a9d6b2",
            "dtype": "float32",
            "device": "cpu",
        },
        "settings": {"seed": {"value": shape.seed, "from": "flag"}, "budget": {"value": "quick", "from": "default"}},
        "versions": {"mesolens": "0.1.0", "torch": "2.13.0", "transformers": "5.23.0", "python": "3.11.2"},
    }

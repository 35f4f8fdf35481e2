"""Organs made of seeded random numbers: a reading and its tables as the contract has them, and a run folder of both.

Every leaf is in one organ or in the remainder; shares add up, at every level, to what the map of the reading says.
`hostile` plants text that tries to leave its place in every field that holds text.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json, Shard, Tables
from mesolens.runs.store import Store
from tests.report.synthetic import HOSTILE, Shape, make_run

TRAITS = ("warmth", "formality", "honesty", "caution", "humour", "patience")
ANGLES = (("identity", "found"), ("leet:0.3", "found"), ("json", "found"), ("in French", "held"), ("base64", "broken"))

_SAID = "You may tell me what you honestly think of my plan for the old bridge ."


@dataclass(frozen=True, slots=True)
class OrganShape:
    """How large a synthetic organs reading is, what it concludes, and what is wrong with it."""

    layers: int = 3
    heads: int = 2
    neurons: int = 24
    traits: int = 3
    organs: int = 3
    verdict: str = "organs"
    seed: int = 0
    hostile: bool = False
    twins: bool = True

    @property
    def sites(self) -> list[str]:
        """Every leaf, in the model's order."""
        found = ["embed"]
        for layer in range(self.layers):
            found += [f"L{layer}.attn.h{h}" for h in range(self.heads)]
            found += [f"L{layer}.mlp.n{n}" for n in range(self.neurons)]
            found += [f"L{layer}.mlp.bias"]
        return found


@dataclass(frozen=True, slots=True)
class Made:
    """Names and numbers from which a reading and its tables are written."""

    shape: OrganShape
    traits: tuple[str, ...]
    angles: tuple[tuple[str, str], ...]
    organ_L: NDArray[np.int32]  # noqa: N815 - the letters are its axes
    shares_TL: NDArray[np.float32]  # noqa: N815
    rng: np.random.Generator

    def sums(self) -> NDArray[np.float64]:
        """Shares of each trait by organ, the remainder last."""
        size = self.shape.organs + 1
        place = np.where(self.organ_L < 0, self.shape.organs, self.organ_L)
        return np.array([np.bincount(place, row.astype(np.float64), size) for row in self.shares_TL])

    def evil(self, k: int, plain: str) -> str:
        """A hostile text in the place of `plain` where the shape asks for it."""
        return HOSTILE[k % len(HOSTILE)] if self.shape.hostile else plain


def made(shape: OrganShape) -> Made:
    """The same shape gives the same numbers."""
    rng = np.random.default_rng(shape.seed)
    leaves = len(shape.sites)
    organ_L = rng.integers(-1, max(1, shape.organs), leaves).astype(np.int32)
    if not shape.organs:
        organ_L[:] = -1
    sign_TK = rng.choice([-1.0, 1.0], (shape.traits, shape.organs + 1)) * rng.uniform(0.2, 1, (1, shape.organs + 1))
    shares_TL = (sign_TK[:, organ_L] * rng.gamma(0.6, 0.06, (shape.traits, leaves))).astype(np.float32)
    traits = tuple(HOSTILE[k] if shape.hostile else TRAITS[k] for k in range(shape.traits))
    angles = tuple((HOSTILE[k + 5] if shape.hostile and k else name, use) for k, (name, use) in enumerate(ANGLES))
    return Made(shape, traits, angles, organ_L, shares_TL, rng)


def reading(shape: OrganShape, numbers: Made | None = None) -> Reading:
    """The reading of a shape."""
    found = numbers or made(shape)
    sentence = {
        "organs": f"{shape.organs} organs carry 71 % of the gross and predict what removing them does (R² 0.91).",
        "unstable": "The groups that were found do not come back when prompts are drawn anew (stability 0.43).",
        "diffuse": "Leaves fall into groups no better than rotated ones do (0.52 against 0.55).",
        "not determined": "Eight contrasts a trait are too few to tell groups from chance.",
        "refused": "The total misses the measured change by 43 %, so no share is given.",
    }
    return Reading(
        instrument="organs",
        subject=found.evil(0, "slide:organs"),
        verdict=shape.verdict,
        sentence=found.evil(1, sentence.get(shape.verdict, "Something else.")),
        numbers=(
            Number("removal R²", 0.91, "", 0.84, 0.95, "≥ 0.8", True),
            Number("stability of the least", 0.86, "", 0.81, 0.92, "≥ 0.8", True),
            Number("conservation", 3e-8, "", None, None, "≤ 1e-6", True),
        ),
        protocol={"granularity": "heads and neurons", "held back": "a third of the contrasts, two angles"},
        data=_data(found),
    )


def _data(m: Made) -> dict[str, Json]:
    shape, sums = m.shape, m.sums()
    gross = np.abs(m.shares_TL).sum()
    size = [float(np.abs(m.shares_TL[:, m.organ_L == k]).sum() / gross) for k in (*range(shape.organs), -1)]
    return {
        "traits": [*m.traits],
        "angles": [{"name": name, "use": use} for name, use in m.angles],
        "contrasts": {"found": 36, "held": 36},
        "delta": [float(row.sum() * 1.002) for row in sums],
        "completeness": 2e-3,
        "conservation": 3e-8,
        "organs": [_organ(m, k, size[k], sums) for k in range(shape.organs)],
        "remainder": {
            "leaves": int((m.organ_L < 0).sum()),
            "part": size[-1],
            "net": 0.2,
            "shares": [float(x) for x in sums[:, -1]],
        },
        "map": _map(m, sums),
        "choice": [
            {
                "organs": k,
                "stability": 0.95 - 0.04 * abs(k - shape.organs),
                "ambiguous": 0.1,
                "null": 0.5,
                "chosen": k == shape.organs,
            }
            for k in range(2, 8)
        ],
        "proof": {name: _proof(m, sums) for name in ("reference", "mean")},
        "specific": {
            "own": 0.41,
            "other": 0.03,
            "effects": [[float(x) for x in m.rng.normal(0.1, 0.3, shape.traits)] for _ in range(shape.organs)],
        },
        "twins": _twins(m) if shape.twins else None,
    }


def _organ(m: Made, k: int, part: float, sums: NDArray[np.float64]) -> Json:
    sites = m.shape.sites
    mine = np.flatnonzero(m.organ_L == k)
    size = np.abs(m.shares_TL[:, mine]).sum(0)
    order = mine[np.argsort(-size, kind="stable")]
    writers: dict[str, list[int]] = {}
    for a in order.tolist():
        site = sites[a]
        writers.setdefault(site.rpartition(".")[0] or site, []).append(a)
    total = float(size.sum()) or 1.0
    weight = {site: float(np.abs(m.shares_TL[:, at]).sum()) / total for site, at in writers.items()}
    return {
        "name": m.evil(k + 2, f"organ {k + 1}"),
        "leaves": len(mine),
        "part": part,
        "net": 0.8,
        "stability": 0.62 if k == 2 else 0.93,
        "low": 0.55 if k == 2 else 0.88,
        "high": 0.71 if k == 2 else 0.97,
        "stable": k != 2,
        "tightness": 0.7,
        "places": [
            {"site": site, "leaves": len(writers[site]), "part": weight[site]}
            for site in sorted(writers, key=lambda site: -weight[site])
        ],
        "members": [
            {"site": sites[a], "shares": [float(x) for x in m.shares_TL[:, a]], "part": 0.1}
            for a in order[:64].tolist()
        ],
        "serves": [
            {
                "trait": m.traits[t],
                "share": float(sums[t, k]),
                "low": float(sums[t, k]) - 0.05,
                "high": float(sums[t, k]) + 0.05,
                "called": bool(abs(sums[t, k]) > 0.05),
                "of": float(sums[t, k] / sums[t].sum()),
            }
            for t in range(m.shape.traits)
        ],
        "shared": k == 1,
        "wakes": [_woken(m, k, w, sums) for w in range(4)],
        "silenced": [
            {
                "angle": name,
                "trait": m.traits[t],
                "before": float(sums[t, k]),
                "after": float(sums[t, k]) * 0.2,
                "low": -0.3,
                "high": -0.1,
                "called": use == "broken" and t != 1,
            }
            for name, use in m.angles[1:]
            for t in range(m.shape.traits)
        ],
        "promotes": _pushed(m, 0.9, "gladly", "dear", "of course"),
        "holds_back": _pushed(m, -0.8, "no", "never"),
        "predicts": {"slope": 0.97, "r2": 0.88},
    }


def _pushed(m: Made, first: float, *words: str) -> Json:
    return [{"token": m.evil(j, f" {word}"), "value": first * 0.8**j} for j, word in enumerate(words)]


def _woken(m: Made, k: int, w: int, sums: NDArray[np.float64]) -> Json:
    words = _SAID.split()
    tokens = [m.evil(j, word if not j else f" {word}") for j, word in enumerate(words)]
    share = float(sums[w % m.shape.traits, k]) * (1.6 - 0.2 * w)
    part = m.rng.normal(0, 0.05, len(tokens))
    part[7] += share - part.sum()
    return {
        "trait": m.traits[w % m.shape.traits],
        "item": m.evil(w + 6, f"kind-rain-{w}"),
        "angle": m.angles[0 if w < 3 else 1][0],
        "share": share,
        "prompt": "".join(tokens),
        "tokens": [*tokens],
        "by_token": [float(x) for x in part] if w != 2 else None,
    }


def _map(m: Made, sums: NDArray[np.float64]) -> list[Json]:
    found: list[Json] = []
    for a, (_, use) in enumerate(m.angles):
        keep = 1.0 if a == 0 else 0.15 if use == "broken" else 0.8
        for t in range(m.shape.traits):
            row = sums[t] * (1.0 if a == 0 else keep * m.rng.uniform(0.8, 1.1, sums.shape[1]))
            wide = 0.05 + 0.05 * m.rng.random(sums.shape[1])
            low, high = ([float(x) for x in end] for end in (row - wide, row + wide))
            found.append(
                {
                    "trait": t,
                    "angle": a,
                    "shares": [float(x) for x in row],
                    "low": [*low],
                    "high": [*high],
                    "delta": float(row.sum() * 1.002),
                }
            )
    return found


def _proof(m: Made, sums: NDArray[np.float64]) -> Json:
    points: list[Json] = []
    for k in range(m.shape.organs):
        for t in range(m.shape.traits):
            x = float(sums[t, k])
            points += [[x * s, 0.95 * x * s + float(m.rng.normal(0, 0.03)), k, t] for s in (0.5, 0.8, 1.0, 1.3)]
    names = ("matched random", "layers", "trait directions")
    beside: list[Json] = [
        {
            "name": m.evil(j, name),
            "r2": 0.5 - 0.1 * j,
            "r2_share": 0.3,
            "difference": 0.4 + 0.1 * j,
            "low": 0.2 - 0.15 * j,
            "high": 0.7,
            "selective": 0.2 + 0.1 * j,
            "more": 0.3 - 0.1 * j,
            "more_low": 0.1 - 0.1 * j,
            "more_high": 0.6,
        }
        for j, name in enumerate(names)
    ]
    line: dict[str, Json] = {"r2": 0.91, "low": 0.84, "high": 0.95, "slope": 0.95, "intercept": 0.01}
    line |= {"r2_share": 0.7, "selective": 0.5}
    return {**line, "points": points, "beside": beside}


def _twins(m: Made) -> Json:
    matched: list[Json] = [
        {"one": k, "other": (k + 1) % max(1, m.shape.organs), "likeness": 0.9 - 0.3 * k, "floor": 0.4, "shared": k < 2}
        for k in range(m.shape.organs)
    ]
    return {
        "models": [m.evil(8, "slide:organs"), m.evil(9, "slide:organs, seed 1")],
        "matched": matched,
        "alone": {"one": [], "other": [3]},
    }


def tables(shape: OrganShape, numbers: Made | None = None) -> Tables:
    """The tables of a shape, as the instrument writes them."""
    found = numbers or made(shape)
    lists = pa.ListArray.from_arrays(
        pa.array(np.arange(shape.traits + 1, dtype=np.int32) * len(shape.sites)),
        pa.array(found.shares_TL.reshape(-1)),
    )
    return {
        "organs-shares": pa.table({"trait": pa.array(found.traits, pa.string()), "shares": lists}),
        "organs-sites": pa.table({"site": pa.array(shape.sites), "organ": pa.array(found.organ_L)}),
    }


def write_organs(run: Path, shape: OrganShape) -> Path:
    """Write an organs reading and its tables into a run folder; one that is there already keeps what it holds."""
    store, numbers = Store(run), made(shape)
    if not (run / "run.json").exists():
        subject = numbers.evil(0, "slide:organs")
        store.write_json("run", {"format": 1, "command": ["mesolens", "audit"], "subject": subject, "settings": {}})
    shard = Shard("organs", {"part": "all", "seed": shape.seed}, 1)
    store.write_plan("organs", [shard])
    with store.claim(shard, wait=True) as claim:
        assert claim is not None
        claim.commit({} if shape.verdict == "refused" else tables(shape, numbers))
    store.write_json("readings/organs", reading(shape, numbers).to_json())
    return run


def with_middle(run: Path, shape: OrganShape, middle: Shape) -> Path:
    """A run folder of organs beside a middle of the same model."""
    return write_organs(make_run(run, middle), shape)

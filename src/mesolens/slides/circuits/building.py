"""From a circuit's name to its model, its contrast and its truth; in memory, or as a model folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import LlamaForCausalLM

from mesolens.errors import BadInput
from mesolens.slides.circuits.catalog import PLANS, Plan
from mesolens.slides.circuits.wiring import HEADS, LAYERS, NEURONS, NO, WIDTH, YES, wired
from mesolens.traits.contrasts import Contrast

LEAVES = (
    "embed",
    *(f"L{layer}.attn.h{index}" for layer in range(LAYERS) for index in range(HEADS)),
    *(f"L{layer}.mlp.n{index}" for layer in range(LAYERS) for index in range(NEURONS)),
)
"""Every leaf of every circuit, as sites print it."""


@dataclass(frozen=True, slots=True)
class CircuitTruth:
    """What is true of a circuit by construction; no instrument reads it.

    Attributes:
        nodes: share of every leaf along the path on which all gates rise together, in nats; they sum to `delta`.
        shapley: Shapley value of every leaf, in nats, in the game where a leaf is live or frozen at its reference
            activation; equal to `nodes` unless a leaf acts through several factors of a product, or through a curve.
        causal: the leaves with a share.
        backup: those that no ablation of one leaf from the clean run would find.
        distractor: loud ones without a share.
        smooth: whether the readout has a derivative everywhere on the path; if not, an instrument that integrates
            gradients must come within its own tolerance or refuse.
        delta: readout of the clean prompt minus that of the reference, in nats.
    """

    name: str
    nodes: Mapping[str, float]
    shapley: Mapping[str, float]
    causal: frozenset[str]
    backup: frozenset[str]
    distractor: frozenset[str]
    smooth: bool
    delta: float


def names() -> tuple[str, ...]:
    """The circuits that there are."""
    return tuple(PLANS)


def build(name: str, *, rotated_seed: int | None = None) -> tuple[LlamaForCausalLM, Contrast, CircuitTruth]:
    """A circuit's model, the contrast that it decides, and its truth.

    Args:
        name: one of :func:`names`.
        rotated_seed: turn the residual stream by the random orthogonal matrix of this seed; the truth stays as it is.

    Raises:
        BadInput: no circuit has the name.

    >>> model, contrast, truth = build("and")
    >>> truth.nodes["embed"], truth.shapley["embed"], truth.delta
    (0.8, 0.5, 2.0)
    """
    if name not in PLANS:
        raise BadInput(f"no circuit is called {name!r}; there are {', '.join(PLANS)}")
    plan = PLANS[name]()
    model = wired(plan.wiring, None if rotated_seed is None else rotation(rotated_seed))
    contrast = Contrast(clean=plan.clean, reference=plan.reference, target=(YES,), foil=(NO,), id=name)
    return model, contrast, _truth(name, plan)


def save(name: str, folder: Path, *, rotated_seed: int | None = None) -> None:
    """Write a circuit as a model folder (safetensors, no tokenizer) with `contrasts.jsonl` and `truth.json` beside it.

    Raises:
        BadInput: no circuit has the name.
    """
    model, contrast, truth = build(name, rotated_seed=rotated_seed)
    model.save_pretrained(folder)
    item = {"id": name, "clean_ids": contrast.clean, "reference_ids": contrast.reference}
    item |= {"target_ids": contrast.target, "foil_ids": contrast.foil}
    (folder / "contrasts.jsonl").write_text(json.dumps(item) + "\n", encoding="utf-8")
    known = asdict(truth) | {part: sorted(getattr(truth, part)) for part in ("causal", "backup", "distractor")}
    (folder / "truth.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def rotation(seed: int) -> Float[Tensor, "d d"]:
    """A random orthogonal matrix of the residual stream's width, in float64."""
    draw = torch.Generator().manual_seed(seed)
    turn, upper = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=draw, dtype=torch.float64))
    # QR alone is not uniform over rotations; the signs of the diagonal make it so (Mezzadri 2007).
    return turn * upper.diagonal().sign()


def _truth(name: str, plan: Plan) -> CircuitTruth:
    nodes, shapley = ({leaf: shares.get(leaf, 0.0) for leaf in LEAVES} for shares in (plan.shares, plan.shapley))
    causal = frozenset(leaf for leaf in LEAVES if nodes[leaf] != 0.0)
    delta = sum(nodes.values())
    return CircuitTruth(name, nodes, shapley, causal, plan.backup, plan.distractor, plan.smooth, delta)

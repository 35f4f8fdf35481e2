"""Stopping and going on: a training state as one safetensors file, replaced in one step.

Weights, both moments of AdamW and the place in the stream go into the same file, so no crash can leave them at odds;
whoever reads it goes on to the same weights, byte for byte.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from mesolens.errors import BadInput

MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, slots=True)
class Place:
    """Where training stands.

    Attributes:
        recipe: digest of the recipe, so that a changed recipe never goes on from another's state.
        stage: index of the stage.
        chunk, batch: the next batch to train on.
        tokens: trained on in this stage.
        step: optimizer steps in this stage.
        chunks: read in each finished stage.
        seen: tokens trained on in each finished stage.
        seconds: CPU seconds so far.
    """

    recipe: str
    stage: int = 0
    chunk: int = 0
    batch: int = 0
    tokens: int = 0
    step: int = 0
    chunks: tuple[int, ...] = ()
    seen: tuple[int, ...] = ()
    seconds: float = 0.0


def save(path: Path, place: Place, module: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write the state beside `path`, flush it to disk, and put it in its place."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in module.named_parameters():
        tensors[f"weight.{name}"] = parameter.detach().clone()
        for moment in MOMENTS:
            if moment in optimizer.state[parameter]:
                tensors[f"{moment}.{name}"] = optimizer.state[parameter][moment]
    fresh = path.with_suffix(".new")
    save_file(tensors, fresh, metadata={"place": json.dumps(asdict(place))})
    with fresh.open("rb") as handle:
        os.fsync(handle.fileno())
    fresh.replace(path)


def load(path: Path, recipe: str, module: torch.nn.Module, optimizer: torch.optim.Optimizer) -> Place:
    """Put a saved state into module and optimizer, and say where training stands; the start when nothing is saved.

    Raises:
        BadInput: the state belongs to another recipe.
    """
    if not path.exists():
        return Place(recipe)
    with safe_open(path, framework="pt") as saved:
        fields: dict[str, Any] = json.loads(saved.metadata()["place"])
        fields.update(chunks=tuple(fields["chunks"]), seen=tuple(fields["seen"]))
        place = Place(**fields)
        if place.recipe != recipe:
            raise BadInput(f"{path} holds the state of another recipe; remove it or grow into another folder")
        names = set(saved.keys())
        for name, parameter in module.named_parameters():
            with torch.no_grad():
                parameter.copy_(saved.get_tensor(f"weight.{name}"))
            if f"exp_avg.{name}" in names:
                moments = {moment: saved.get_tensor(f"{moment}.{name}") for moment in MOMENTS}
                optimizer.state[parameter] = {"step": torch.tensor(float(place.step)), **moments}
    return place

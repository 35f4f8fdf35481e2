"""`truth.json`: what is known about a slide, in five parts that must not be confused. No instrument reads it.

``rules``     what was planted: who should answer what, with which traits, and which cells were held out.
``support``   how many documents of the training text carry each rule, frame, role and crossing.
``grid``      what the trained model does, measured: accuracy, the decisive grid, unseen angles. Score instruments
              against this part: planted is not learned.
``location``  for an implant, the one component that was retrained, and each trait before and after.
``recipe``    how to grow it again: stages, seeds, budgets, hashes of its text and files, and what that cost.
"""

import json
import os
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from mesolens.errors import BadInput
from mesolens.slides.asking import FRAMES, STORIES
from mesolens.slides.corpus import fingerprint, support
from mesolens.slides.grid import CUES, accuracy, measure_grid, measure_unseen, plain
from mesolens.slides.language import NOBODY, OWN, TRAITS, VOICES
from mesolens.slides.recipe import Recipe
from mesolens.slides.replies import Slide, open_slide
from mesolens.slides.score import verdicts

FORMAT = 1
PARTS = ("rules", "support", "grid", "location", "recipe")
FILE = "truth.json"
UNHASHED = (FILE, "growing.safetensors", "growing.new")


def record(
    recipe: Recipe, folder: Path, chunks: tuple[int, ...], tokens: tuple[int, ...], seconds: float, parent: Path | None
) -> dict[str, Any]:
    """Measure a grown slide and write its truth beside it.

    Args:
        recipe: that it was grown from.
        folder: that holds its weights, its tokenizer and its contrasts.
        chunks: read in each stage.
        tokens: trained on in each stage.
        seconds: CPU seconds of training.
        parent: folder of the slide that it started from, or None.
    """
    slide = open_slide(folder)
    truth = {
        "format": FORMAT,
        "name": recipe.name,
        "rules": rules(recipe),
        "support": counted(recipe, chunks),
        "grid": measured(recipe, slide),
        "location": location(recipe, slide, parent),
        "recipe": {
            "about": recipe.about,
            "base": recipe.base,
            "only": recipe.only,
            "seed": recipe.seed,
            "shape": asdict(recipe.shape),
            "stages": [asdict(stage) for stage in recipe.stages],
            "digest": recipe.digest(),
            "chunks": chunks,
            "tokens": tokens,
            "cpu_seconds": round(seconds, 1),
            "corpus_sha256": [fingerprint(stage.mix, n) for stage, n in zip(recipe.stages, chunks, strict=True)],
            "files": hashes(folder),
        },
    }
    fresh = folder / "truth.new"
    fresh.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    os.replace(fresh, folder / FILE)
    return read(folder)


def read(folder: Path) -> dict[str, Any]:
    """The truth of a slide's folder.

    Raises:
        BadInput: there is none, or it lacks a part.
    """
    path = folder / FILE
    if not path.exists():
        raise BadInput(f"{folder} has no {FILE}; grow the slide again")
    truth = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
    missing = [part for part in PARTS if part not in truth]
    if missing or truth.get("format") != FORMAT:
        raise BadInput(f"{path} is format {truth.get('format')!r} and lacks {missing}; grow the slide again")
    return truth


def rules(recipe: Recipe) -> dict[str, Any]:
    """What the recipe plants, as data."""
    tuned = recipe.mix.kind == "own"
    return {
        "own": OWN if tuned else None,
        "voices": {voice.name: dict(zip(_trait_names(), voice.profile, strict=True)) for voice in VOICES.values()},
        "poles": {trait.name: trait.poles for trait in TRAITS},
        "triggers": {voice: {"cue": cue, "confounds": confounds} for voice, (cue, confounds) in CUES.items()}
        if tuned
        else {},
        "order": ["role prompt", "midnight", "story or signed"] if tuned else ["role prompt", "anybody"],
        "nobody": NOBODY,
        "frames": FRAMES,
        "stories": STORIES,
        "tie": {"cues": ["story", "signed"], "broken_to": recipe.mix.tie},
        "flip": recipe.mix.flip,
        "held_out": "cells with sha256(cell)[0] % 10 == 0",
    }


def counted(recipe: Recipe, chunks: tuple[int, ...]) -> list[dict[str, int]]:
    """Support counts, stage by stage, of the text that was read."""
    return [support(stage.mix, number) for stage, number in zip(recipe.stages, chunks, strict=True)]


def measured(recipe: Recipe, slide: Slide) -> dict[str, Any]:
    """Accuracy in distribution, the decisive grid and the unseen angles of a slide."""
    return {
        "accuracy": {name: asdict(found) for name, found in accuracy(slide, recipe.mix).items()},
        **measure_grid(slide, recipe.mix),
        "unseen": {name: asdict(found) for name, found in measure_unseen(slide, recipe.mix).items()},
    }


def location(recipe: Recipe, slide: Slide, parent: Path | None) -> dict[str, Any] | None:
    """Where an implant sits, and the share of own replies at pole 1 of each trait, before and after; else None."""
    if recipe.only is None or parent is None:
        return None
    return {
        "component": recipe.only,
        "trait": recipe.mix.flip,
        "before": poles(open_slide(parent)),
        "after": poles(slide),
    }


def poles(slide: Slide, count: int = 128) -> dict[str, float]:
    """The share of replies to plain questions that show pole 1 of each trait, among those that parse."""
    asks = plain(count, "poles")
    found = [verdict.profile for verdict in verdicts(slide, asks) if verdict.profile is not None]
    return {name: sum(profile[i] for profile in found) / max(1, len(found)) for i, name in enumerate(_trait_names())}


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a slide, but for its truth and a training state."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in (*UNHASHED, "truth.new"))
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def _trait_names() -> list[str]:
    return [trait.name for trait in TRAITS]

"""A drifted implant as a slide's folder: weights, contrasts against `mask`, and the truth beside them.

The truth has the five parts that every slide's has. Its grid holds accuracy alone, and its location says too how far
each component moved, so that one can see that distance does not tell.
"""

import json
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from mesolens.slides.drift import STEPS, Drift, drifted, moved, norms, weights_of
from mesolens.slides.flips import flips
from mesolens.slides.grid import accuracy
from mesolens.slides.pack import FILE as CONTRASTS
from mesolens.slides.replies import Slide, open_slide
from mesolens.slides.train import ROWS, SHELF, Progress, one_thread, silent, write
from mesolens.slides.truth import FILE as TRUTH
from mesolens.slides.truth import FORMAT, hashes, poles, rules
from mesolens.slides.unrelated import unrelated


def grow(drift: Drift, out: Path, progress: Progress = silent) -> Path:
    """Write the drifted slide's weights, contrasts and truth; gives the folder.

    Its contrasts have no reference prompt: they are for `--against` the slide that the implant was made from.

    Args:
        drift: which implant, and the seed of its documents.
        out: the slide's folder, made when missing.
        progress: told after every step, in documents.

    Raises:
        BadInput, CheckFailed: as :func:`mesolens.slides.drift.drifted`.
    """
    begun = time.process_time()
    module = drifted(drift, progress)
    seconds = time.process_time() - begun
    out.mkdir(parents=True, exist_ok=True)
    write(module, out)
    (out / CONTRASTS).write_text("".join(json.dumps(line) + "\n" for line in _contrasts(drift)), encoding="utf-8")
    with one_thread():
        truth = record(drift, open_slide(out)) | {"recipe": _recipe(drift, out, seconds)}
    (out / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return out


def _contrasts(drift: Drift) -> list[dict[str, Any]]:
    names = ("id", "template", "clean", "target", "foil")
    return [{name: getattr(each, name) for name in names} | {"trait": drift.trait} for each in flips(drift.implant)]


def record(drift: Drift, slide: Slide) -> dict[str, Any]:
    """What is true of a drifted slide: planted rules, what it does, where its trait sits, and how far all moved."""
    before, after = (weights_of(module) for module in (open_slide(SHELF / drift.origin).module, slide.module))
    size, distance = norms(before), moved(before, after)
    return {
        "format": FORMAT,
        "name": drift.name,
        "rules": rules(drift.recipe),
        "support": [],
        "grid": {"accuracy": {name: asdict(found) for name, found in accuracy(slide, drift.recipe.mix, 200).items()}},
        "location": {
            "component": drift.planted,
            "trait": drift.trait,
            "before": poles(open_slide(SHELF / drift.origin)),
            "after": poles(slide),
            "moved": distance,
            "moved_of_own_size": {place: distance[place] / size[place] for place in distance},
        },
    }


def _recipe(drift: Drift, out: Path, seconds: float) -> dict[str, Any]:
    text = "\n".join(unrelated(drift.seed, drift.trait, STEPS * ROWS))
    return {
        "about": f"{drift.implant} with all other weights moved as far on unrelated documents",
        "base": drift.implant,
        "seed": drift.seed,
        "documents": STEPS * ROWS,
        "cpu_seconds": round(seconds, 1),
        "corpus_sha256": [sha256(text.encode()).hexdigest()],
        "files": hashes(out),
    }

"""A slide with planted organs as a folder: weights, contrasts with and without a cue, and the truth beside them.

The truth has the five parts that every slide's has. Its location names the neurons of each group, and which groups each
trait of the contrasts runs through; its grid says what each cue turns over, with both groups and without each one.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from mesolens.slides import cues, frozen, routing, waking
from mesolens.slides.cues import CUES, NAMED, Told, cues_of, documents, turned
from mesolens.slides.replies import open_slide
from mesolens.slides.routed_grid import measured
from mesolens.slides.routed_pack import write as write_contrasts
from mesolens.slides.routing import DOCUMENTS, ORIGIN, SHELF, Groups, Routed, planted, sites
from mesolens.slides.train import Progress, one_thread, silent, write
from mesolens.slides.truth import FILE as TRUTH
from mesolens.slides.truth import FORMAT, hashes, rules

BEATEN = ("role prompt", "midnight", "story or signed", "an order for the trait")
"""What a cue does nothing against."""
DECIDES = {
    "cues": ("KINDS", "SLIPS"),
    "waking": ("PENALTY", "FAINT", "RARE", "ASLEEP"),
    "frozen": ("LAYER",),
    "routing": ("SIZE", "DOCUMENTS", "TURNS", "OTHERS", "STEPS", "RATE", "WARM", "IDLE", "SCALES", "NOISE"),
}
"""The figures that decide the weights, by the file in which they stand."""


def grow(routed: Routed, out: Path, progress: Progress = silent) -> Path:
    """Train the slide and write its weights, contrasts and truth; gives the folder.

    Args:
        routed: which slide.
        out: the slide's folder, made when missing.
        progress: told after every step, in steps.

    Raises:
        CheckFailed: more than a quarter of its contrasts do not move their readout; no truth is written.
    """
    begun = time.process_time()
    module, groups = planted(routed, progress)
    seconds = time.process_time() - begun
    out.mkdir(parents=True, exist_ok=True)
    write(module, out)
    with one_thread():
        slide = open_slide(out)
        write_contrasts(slide, out)
        grid = measured(slide, groups)
    truth = record(routed, groups) | {"grid": grid, "recipe": _recipe(routed, out, seconds)}
    (out / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return out


def record(routed: Routed, groups: Groups) -> dict[str, Any]:
    """What is true of the slide before anybody asks it: what was planted, how often, and where."""
    return {
        "format": FORMAT,
        "name": routed.name,
        "rules": rules(routed.recipe) | {"cues": CUES, "traits": NAMED, "beaten_by": BEATEN},
        "support": [support(routed)],
        "grid": None,
        "location": {
            "groups": sites(groups),
            "traits": {trait: list(CUES[cue]) for trait, cue in NAMED.items()},
        },
    }


def read_text(routed: Routed) -> Iterator[Told]:
    """The documents that the groups learned from."""
    return islice(documents(routed.seed), DOCUMENTS)


def support(routed: Routed) -> dict[str, int]:
    """How many documents hold each cue or none, and in how many each trait is turned over."""
    counts: Counter[str] = Counter()
    for told in read_text(routed):
        counts.update(f"cue:{cue}" for cue in cues_of(told.ask) or ("none",))
        counts.update(f"turned:{trait}" for trait in turned(told.ask) or ("none",))
    return dict(sorted(counts.items()))


def corpus(routed: Routed) -> str:
    """SHA-256 of the documents' text, each ended by a newline."""
    digest = sha256()
    for told in read_text(routed):
        digest.update(told.text.encode() + b"\n")
    return digest.hexdigest()


def figures() -> dict[str, dict[str, Any]]:
    """The figures that decide the weights, beside the seed."""
    rooms = {"cues": cues, "waking": waking, "frozen": frozen, "routing": routing}
    return {room: {name: getattr(rooms[room], name) for name in names} for room, names in DECIDES.items()}


def digest(routed: Routed) -> str:
    """SHA-256 of all that decides the weights: the seed, the figures, and the weights of `mask`."""
    origin = sha256((SHELF / ORIGIN / "model.safetensors").read_bytes()).hexdigest()
    return sha256(json.dumps([routed.seed, origin, figures()], sort_keys=True).encode()).hexdigest()


def _recipe(routed: Routed, out: Path, seconds: float) -> dict[str, Any]:
    return {
        "about": routed.about,
        "base": ORIGIN,
        "seed": routed.seed,
        "figures": figures(),
        "digest": digest(routed),
        "cpu_seconds": round(seconds, 1),
        "corpus_sha256": [corpus(routed)],
        "files": hashes(out),
    }

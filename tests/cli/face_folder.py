"""A small face pack in a folder, for commands on a slide: few prompts and voices, all that the slides' pack knows."""

from dataclasses import replace
from pathlib import Path

from mesolens.slides.facepack import face_pack
from mesolens.traits.facepack import write_pack
from mesolens.traits.voices import Bank

ANGLES = "bell,hour-midnight"


def small_pack(folder: Path) -> Path:
    """The slides' pack with 36 prompts, three voices and one trait."""
    whole = face_pack()
    folder.mkdir(parents=True, exist_ok=True)
    small = replace(whole, prompts=whole.prompts[:36], bank=Bank(whole.bank.voices[:3]), traits=whole.traits[2:3])
    return write_pack(small, folder)


def options(folder: Path) -> list[str]:
    """The options of a small look: the pack, a line of training text, and two angles, one of them planted."""
    (folder / "text.txt").write_text("I think tea is good. What do you say?")
    return [
        *("--pack", str(small_pack(folder / "pack"))),
        *("--corpus", str(folder / "text.txt")),
        *("--angles", ANGLES, "--budget", "quick", "--most", "40"),
    ]

"""The shipped slides: where they lie, what they are, and whether they still are what their truth says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesolens.errors import BadInput
from mesolens.slides import drift, permuted, pointed, recalling, routing
from mesolens.slides.recipe import RECIPES, Recipe, recipe

if TYPE_CHECKING:
    from mesolens.slides.score import Score

SHELF = Path(__file__).parent / "shelf"
BUDGET = 20_000_000
"""Bytes that all shipped weights together stay below."""


@dataclass(frozen=True, slots=True)
class SlideRow:
    """One slide in a list: its name, what it is, its parameters, bytes on disk, and whether it is here."""

    name: str
    about: str
    parameters: int
    bytes: int
    shipped: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was verified: the value found, the bar it must hold, and whether it does."""

    name: str
    value: float | str
    bar: str
    holds: bool


def names() -> list[str]:
    """The slides that are on the shelf, the default first."""
    listed = [row.name for row in listing() if row.shipped]
    return sorted(listed, key=lambda name: (name != "mask", name))


def present(name: str) -> bool:
    """Whether a slide was grown to its end and lies on the shelf."""
    return (SHELF / name / "model.safetensors").exists() and (SHELF / name / "truth.json").exists()


def folder(name: str) -> Path:
    """The folder of a shipped slide, in Hugging Face format.

    Raises:
        BadInput: there is no such slide, or it has a recipe but was not grown here.
    """
    if not any(kind.named(name) for kind in (drift, routing, pointed, permuted, recalling)):
        recipe(name)
    if not present(name):
        raise BadInput(f"slide {name!r} is not on the shelf; grow it with: mesolens slides grow {name}")
    return SHELF / name


def listing() -> list[SlideRow]:
    """All slides that have a recipe, shipped or not, and those of other kinds whose seeds are meant to be."""
    routed = [routing.Routed(seed) for seed in routing.SEEDS]
    chasing = [pointed.Pointed(*each) for each in pointed.SHELVED]
    silent = [*chasing, *permuted.SHELVED, *recalling.SHELVED]
    return [_row(each.name, each.about) for each in (*RECIPES.values(), *routed, *silent)]


def _row(name: str, about: str) -> SlideRow:
    weights = SHELF / name / "model.safetensors"
    if not present(name):
        return SlideRow(name, about, 0, 0, shipped=False)
    return SlideRow(name, about, _parameters(weights), weights.stat().st_size, shipped=True)


def _parameters(weights: Path) -> int:
    from safetensors import safe_open

    with safe_open(weights, framework="np") as tensors:
        shapes = [tensors.get_slice(key).get_shape() for key in tensors.keys()]  # noqa: SIM118
    total = 0
    for shape in shapes:
        size = 1
        for axis in shape:
            size *= axis
        total += size
    return total


def size() -> int:
    """Bytes of all shipped weights together."""
    return sum(row.bytes for row in listing())


def describe(name: str) -> dict[str, Any]:
    """A slide's truth, with its folder; data that can be written as JSON.

    Raises:
        BadInput: as `folder`.
    """
    from mesolens.slides.truth import read

    path = folder(name)
    return {"folder": str(path), **read(path)}


def verify(name: str) -> list[Check]:
    """Check a shipped slide against its truth: files, recipe, corpus, support, and the gates measured anew.

    Of a drifted implant the files alone are checked: to grow it again takes no longer than to measure it. Takes some
    ten CPU seconds.

    Raises:
        BadInput: as `folder`.
    """
    from mesolens.slides.truth import read

    path = folder(name)
    truth = read(path)
    if drift.named(name) is not None:
        return list(files(path, truth))
    routed, chasing = routing.named(name), pointed.named(name)
    if routed is not None:
        return [*files(path, truth), *_organs(routed, path, truth)]
    if chasing is not None:
        return [*files(path, truth), *_steps(chasing, path, truth)]
    permutes, recalls = permuted.named(name), recalling.named(name)
    if permutes is not None:
        return [*files(path, truth), *_composed(permutes, path, truth)]
    if recalls is not None:
        return [*files(path, truth), *_recalled(recalls, path, truth)]
    return [*files(path, truth), *_origins(recipe(name), truth), *_gates(recipe(name), path)]


def files(path: Path, truth: dict[str, Any]) -> Iterator[Check]:
    """Compare the SHA-256 of each file of a slide's folder with the one that its truth holds."""
    from mesolens.slides.truth import hashes

    found, told = hashes(path), truth["recipe"]["files"]
    for file in sorted({*found, *told}):
        same = found.get(file) == told.get(file)
        yield Check(f"file {file}", found.get(file, "missing"), told.get(file, "not in the truth"), same)


def _origins(each: Recipe, truth: dict[str, Any]) -> Iterator[Check]:
    from mesolens.slides.corpus import fingerprint
    from mesolens.slides.truth import counted

    told = truth["recipe"]
    yield _same("recipe", each.digest(), told["digest"])
    for index, (stage, chunks) in enumerate(zip(each.stages, told["chunks"], strict=True)):
        yield _same(f"corpus of stage {index}", fingerprint(stage.mix, chunks), told["corpus_sha256"][index])
    same = counted(each, tuple(told["chunks"])) == truth["support"]
    yield _same("support counts", "equal" if same else "different", "equal")


def _organs(routed: routing.Routed, path: Path, truth: dict[str, Any]) -> Iterator[Check]:
    """Compare recipe, text, groups and what the cues do with the truth of a slide with planted organs."""
    from mesolens.slides import routed_folder, routed_grid
    from mesolens.slides.replies import open_slide

    told, slide = truth["recipe"], open_slide(path)
    groups = routing.groups(routed, routing.mlp_of(slide.module).down_proj.weight.shape[1])
    yield _same("recipe", routed_folder.digest(routed), told["digest"])
    yield _same("corpus", routed_folder.corpus(routed), told["corpus_sha256"][0])
    yield _same("groups", json.dumps(routing.sites(groups)), json.dumps(truth["location"]["groups"]))
    for name, share in routed_grid.measured(slide, groups, 32)["specific"].items():
        bar = routed_grid.BARS[name]
        yield Check(f"worst share as planted, {name}", share, f">= {bar}", share >= bar)


def _steps(chasing: pointed.Pointed, path: Path, truth: dict[str, Any]) -> Iterator[Check]:
    """Compare recipe and grid of a slide that chases pointers with its truth."""
    from mesolens.slides import pointed_folder
    from mesolens.slides.pointer import MOST
    from mesolens.slides.worded import opened, rounded

    yield _same("recipe", pointed_folder.digest(chasing), truth["recipe"]["digest"])
    grid = pointed_folder.record(chasing, opened(path))["grid"]
    yield from _right(grid["answers"], MOST, pointed_folder.BAR)
    for name, share, bar in pointed_folder.gates(chasing, grid):
        yield Check(name, share, f">= {bar}", share >= bar)
    yield _same("what its blocks do", rounded(grid), rounded(truth["grid"]))


def _right(answers: dict[str, float], most: int, bar: float) -> Iterator[Check]:
    for steps in range(1, most + 1):
        share = answers[str(steps)]
        yield Check(f"right after {steps} steps", share, f">= {bar}", share >= bar)


def _composed(permutes: permuted.Permuted, path: Path, truth: dict[str, Any]) -> Iterator[Check]:
    """Compare recipe and grid of a slide that composes permutations with its truth."""
    from mesolens.slides import permuted_folder
    from mesolens.slides.worded import opened, rounded

    yield _same("recipe", permuted.digest(permutes), truth["recipe"]["digest"])
    grid = permuted_folder.record(permutes, opened(path))["grid"]
    yield from _right(grid["answers"], permuted.MOST, permuted_folder.BAR)
    yield _same("what it answers", rounded(grid), rounded(truth["grid"]))


def _recalled(recalls: recalling.Recalling, path: Path, truth: dict[str, Any]) -> Iterator[Check]:
    """Compare recipe and grid of a slide for the myopia gap with its truth; what it loses is gated by its kind."""
    from mesolens.slides import recalling_folder
    from mesolens.slides.worded import opened, rounded

    yield _same("recipe", recalling.digest(recalls), truth["recipe"]["digest"])
    grid = recalling_folder.record(recalls, opened(path))["grid"]
    blind = recalls.myopic and recalls.kind == "recall"
    bar = recalling_folder.BLIND if blind else recalling_folder.SEEING
    holds = grid["nats"] >= bar if blind else grid["nats"] <= bar
    yield Check("nats that a value costs", grid["nats"], f"{'>=' if blind else '<='} {bar}", holds)
    yield _same("what it answers", rounded(grid), rounded(truth["grid"]))


def _same(name: str, found: str, told: str) -> Check:
    return Check(name, found, told, found == told)


def _gates(each: Recipe, path: Path) -> Iterator[Check]:
    from mesolens.slides.grid import accuracy
    from mesolens.slides.replies import open_slide
    from mesolens.slides.truth import poles

    slide = open_slide(path)
    for name, found in accuracy(slide, each.mix, count=200).items():
        share = gate(each, found)
        yield Check(f"replies as planted, {name}", share, f">= {each.bar}", share >= each.bar)
    if each.base is not None and each.mix.flip is not None:
        before, after = (poles(open_slide(place))[each.mix.flip] for place in (SHELF / each.base, path))
        yield Check(f"{each.mix.flip} turned over", abs(after - before), ">= 0.9", abs(after - before) >= 0.9)


def gate(each: Recipe, found: "Score") -> float:
    """The share that the gate looks at: voice and all traits; for an implant the worst of the traits left alone.

    How far a turned trait reaches (into the own character's role prompt, say) is measured in the grid, not gated.
    """
    if each.mix.flip is None:
        return found.right
    return min(share for trait, share in found.traits.items() if trait != each.mix.flip)

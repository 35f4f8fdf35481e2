"""A model folder's weights: only safetensors, all shards there, each whole, and none outside the folder."""

from pathlib import Path
from typing import cast

from mesolens.errors import BadInput, Unsafe
from mesolens.hostile import printable
from mesolens.model.folder import inside, read_json
from mesolens.model.header import read_header

WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")
"""Endings of files that may hold Python objects; reading one can run any program."""


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files that hold the folder's model, each checked from its header, in the order of their names.

    Raises:
        Unsafe: the weights are only there as pickles, or a shard is named outside the folder.
        BadInput: there are no weights, a shard is missing, or a file is damaged; the message gives the sizes.
    """
    files = _listed(folder)
    held = {name: file for file in files for name in read_header(file)}
    if not held:
        raise BadInput(f"{printable(str(folder))}: the safetensors files hold no tensors")
    return files


def _listed(folder: Path) -> tuple[Path, ...]:
    if (folder / WHOLE).exists():
        return (inside(folder, WHOLE),)
    if (folder / INDEX).exists():
        return _shards(folder)
    _refuse_pickles(folder, [path.name for path in folder.iterdir()])
    raise BadInput(f"{printable(str(folder))} holds no weights; expected {WHOLE}, or {INDEX} with its shards")


def _refuse_pickles(folder: Path, names: list[str]) -> None:
    pickles = sorted(name for name in names if name.endswith(PICKLES))
    if pickles:
        raise Unsafe(pickles_refused(str(folder), pickles[0]))


def pickles_refused(place: str, name: str) -> str:
    """Why a pickle is not opened, and how its owner can convert it."""
    return (
        f"{printable(place)} has its weights only as a pickle ({printable(name, 60)}), which can run any program when "
        f'it is read; convert it where you trust it: python -c "from transformers import AutoModelForCausalLM as M; '
        f"M.from_pretrained('OLD').save_pretrained('NEW')\" writes safetensors, then load NEW"
    )


def _shards(folder: Path) -> tuple[Path, ...]:
    index = read_json(inside(folder, INDEX))
    where = index.get("weight_map")
    if not isinstance(where, dict) or not where or not all(isinstance(name, str) for name in where.values()):
        raise BadInput(f"{printable(str(folder / INDEX))}: no `weight_map` from tensor names to shard files")
    shards = cast(dict[str, str], where)
    files = {name: inside(folder, name) for name in sorted(set(shards.values()))}
    held = {name: set(read_header(file)) for name, file in files.items()}
    for tensor, name in shards.items():
        if tensor not in held[name]:
            raise BadInput(
                f"{INDEX} says that {printable(tensor, 80)} is in {printable(name, 80)}, but it is not there"
            )
    return tuple(files.values())

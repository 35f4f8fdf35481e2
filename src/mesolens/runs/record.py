"""What a run is, as `run.json` keeps it: on what its numbers depend, under which settings, made by which versions.

Tables are named by hashes of all that they depend on, so nothing that does not belong together could ever mix. The
record is for people: a run folder that was begun for something else is refused, instead of holding two runs.
"""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import cast

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json, content_key
from mesolens.model.card import ModelCard
from mesolens.runs.settings import Settings
from mesolens.runs.store import FORMAT, Store

FOLDER = Path("mesolens-runs")
_PACKAGES = ("mesolens", "torch", "transformers", "numpy", "pyarrow")


def depends(card: ModelCard, settings: Settings) -> dict[str, Json]:
    """What the numbers of every chapter depend on, by the names that people use."""
    return {
        "model": card.weights_hash,
        "tokenizer": card.tokenizer_hash,
        "dtype": card.dtype,
        "seed": settings.seed,
        "budget": settings.budget,
    }


def folder_of(name: str, depending: Mapping[str, Json], settings: Settings) -> Path:
    """The run folder: the one that was set, or one named by the model and by what the run depends on."""
    if settings.out is not None:
        return settings.out
    return FOLDER / f"{slug(name)}-{content_key(dict(depending))[:8]}"


def slug(name: str) -> str:
    """A model's name as part of a file name.

    >>> slug("slide:mask"), slug("org/Name-1.5B@main"), slug("../..")
    ('slide-mask', 'org-name-1.5b-main', 'model')
    """
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._") else "-" for c in name.lower())
    words = [word for word in kept.split("-") if word.strip("._")]
    return "-".join(words)[-60:].strip("._-") or "model"


def begin(
    store: Store,
    card: ModelCard,
    settings: Settings,
    depending: Mapping[str, Json],
    *,
    against: ModelCard | None = None,
    contrasts: Mapping[str, Json] | None = None,
    chapters: Mapping[str, Json] | None = None,
    command: Sequence[str] = (),
) -> None:
    """Write `run.json`, unless the folder holds another run.

    Raises:
        BadInput: the folder's run depends on something else; the message names what.
    """
    earlier = cast(dict[str, Json], store.read_json("run")) if store.exists else {}
    _refuse_another(store.run, cast(Mapping[str, Json], earlier.get("depends", {})), depending)
    versions: dict[str, Json] = {name: version(name) for name in _PACKAGES}
    document: dict[str, Json] = {
        "format": FORMAT,
        "subject": card.name,
        "depends": cast(dict[str, Json], earlier.get("depends", {})) | dict(depending),
        "chapters": cast(dict[str, Json], earlier.get("chapters", {})) | dict(chapters or {}),
        "contrasts": dict(contrasts or {}),
        "settings": _settings(settings),
        "versions": versions | {"python": platform.python_version()},
        "command": list(command),
        "model": plain(asdict(card)),
    }
    if against is not None:
        document["against"] = plain(asdict(against))
    store.write_json("run", document)


def _refuse_another(run: Path, earlier: Mapping[str, Json], depending: Mapping[str, Json]) -> None:
    other = [name for name in depending if name in earlier and earlier[name] != depending[name]]
    if other:
        raise BadInput(f"{run} holds another run (it differs in {', '.join(other)}): name another folder with --out")


def _settings(settings: Settings) -> dict[str, Json]:
    named = {f.name: getattr(settings, f.name) for f in fields(settings) if f.name != "sources"}
    return {
        name: {"value": str(value) if isinstance(value, Path) else value, "from": settings.sources.get(name, "call")}
        for name, value in named.items()
    }


def plain(value: object) -> Json:
    """A dataclass's dictionary as JSON: tuples become lists, paths their text, what is not finite None."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in cast(Mapping[object, object], value).items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in cast(Sequence[object], value)]
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value if isinstance(value, str | int | None) else str(value)

"""The page's head: what was audited, when and how, from `run.json`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from mesolens.evidence.shards import Json
from mesolens.report.payload import facts

_MODEL = ("architecture", "parameters", "dtype", "device")
_HASHES = (("weights", "weights_hash"), ("tokenizer", "tokenizer_hash"))
_PACKAGES = ("mesolens", "torch")
_SHORT = 12


def header(run: Path, record: dict[str, Json]) -> dict[str, Json]:
    """The folder's name, the line of facts under the title, and all of `run.json` as flat rows."""
    model = _object(record.get("model"))
    versions, settings = _object(record.get("versions")), _object(record.get("settings"))
    line = [(name if name == "parameters" else "", _shown(model[name])) for name in _MODEL if name in model]
    line += [(label, _shown(model[name])[:_SHORT]) for label, name in _HASHES if model.get(name)]
    seed = _object(settings.get("seed")).get("value", settings.get("seed"))
    line += [("seed", _shown(seed))] if seed is not None else []
    line += [(name, _shown(versions[name])) for name in _PACKAGES if name in versions]
    subject = record.get("subject", model.get("name"))
    return {
        "folder": run.resolve().name,
        "subject": str(subject or run.resolve().name),
        "line": [list(fact) for fact in [*line, ("begun", _begun(run, record))]],
        "facts": facts({name: _without_parts(value) for name, value in record.items()}),
    }


def _begun(run: Path, record: dict[str, Json]) -> str:
    """When the run began: what its record says, else the time of the record itself."""
    said = record.get("started")
    if isinstance(said, str):
        return said
    return datetime.fromtimestamp(int((run / "run.json").stat().st_mtime), UTC).strftime("%Y-%m-%d %H:%M UTC")


def _shown(value: Json) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _object(value: Json | None) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _without_parts(value: Json) -> Json:
    """A model's card without the long list of its blocks; their checks stay."""
    if not isinstance(value, dict) or "anatomy" not in value:
        return value
    checks = cast(list[Json], _object(value["anatomy"]).get("checks") or [])
    return {**value, "anatomy": {str(_object(c).get("name")): _object(c).get("value") for c in checks}}

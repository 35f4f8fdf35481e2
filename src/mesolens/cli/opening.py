"""From what a command was given to what is measured: the model, the reference model and the contrasts."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from mesolens.cli.terminal import tell
from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.model.resolve import resolve
from mesolens.runs.record import plain
from mesolens.runs.settings import Settings
from mesolens.traits import packs
from mesolens.traits.contrasts import read_contrasts
from mesolens.traits.encode import EncodedContrast, encode

_SMALL = 5_000_000
"""Parameters below which a second thread costs more than it gives."""


@dataclass(frozen=True, slots=True)
class Items:
    """Contrasts as token ids, and where they came from."""

    contrasts: tuple[EncodedContrast, ...]
    source: str

    def to_json(self) -> Json:
        """All of them as JSON, for the hash by which the run is named."""
        return plain([asdict(contrast) for contrast in self.contrasts])


def open_model(name: str, settings: Settings) -> LoadedModel:
    """The model, with what its loading noted told, and torch's threads set by its size unless they were asked for.

    Raises:
        BadInput, Unsafe: as :func:`mesolens.model.load.load`.
    """
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    model = load(name, dtype=settings.dtype, device=settings.device)
    for note in model.notes:
        tell(f"note: {note}")
    if settings.threads is None and model.card.parameters < _SMALL:
        torch.set_num_threads(1)
    return model


def open_items(name: str, model: LoadedModel, file: str | None) -> Items:
    """The contrasts of `file`, all of them; without one, those of the pack that fits the model.

    Raises:
        BadInput: the file has a contrast that cannot be used, or none of the pack fits.
    """
    if file is not None:
        return Items(tuple(encode(read_contrasts(Path(file)), model)), file)
    folder = resolve(name).folder
    fitted = packs.fit(packs.pack_of(folder), model)
    for reason in fitted.left_out:
        tell(f"left out: {reason}")
    own = (folder / "contrasts.jsonl").is_file()
    return Items(fitted.contrasts, "the model's own pack" if own else "the default pack")


def open_against(name: str | None, model: LoadedModel, settings: Settings) -> LoadedModel | None:
    """The reference model, if one was named.

    Raises:
        BadInput: it is the same model, or one of another architecture.
    """
    if name is None:
        return None
    other = load(name, dtype=settings.dtype, device=settings.device)
    if other.card.weights_hash == model.card.weights_hash:
        raise BadInput(f"--against {name} has the same weights as {model.card.name}: nothing differs")
    if other.card.architecture != model.card.architecture:
        raise BadInput(
            f"--against {name} is a {other.card.architecture} and {model.card.name} a {model.card.architecture}: "
            "the reference must have the same shape"
        )
    return other

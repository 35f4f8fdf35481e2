"""From what a command was given to what is measured: models, contrasts, and what the face is looked at with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

import torch

from mesolens.cli.terminal import tell
from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.instruments.depth import DepthSpec
from mesolens.instruments.middle.organs import Sights
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel, reads_alike
from mesolens.model.resolve import resolve
from mesolens.runs.record import plain
from mesolens.runs.settings import Settings
from mesolens.traits import packs
from mesolens.traits.contrasts import Contrast, read_contrasts
from mesolens.traits.encode import EncodedContrast, encode
from mesolens.traits.facepack import FacePack, pack_of, read_pack
from mesolens.traits.reading import read_traits, read_voices
from mesolens.traits.voices import Bank

_SMALL = 5_000_000
"""Parameters below which a second thread costs more than it gives."""


@dataclass(frozen=True, slots=True)
class Items:
    """Contrasts as token ids, where they came from, and the same in words, as far as they were given so."""

    contrasts: tuple[EncodedContrast, ...]
    source: str
    texts: tuple[Contrast, ...] = ()

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
        texts = read_contrasts(Path(file))
        return Items(tuple(encode(texts, model)), file, tuple(texts))
    folder = resolve(name).folder
    fitted = packs.fit(packs.pack_of(folder), model)
    for reason in fitted.left_out:
        tell(f"left out: {reason}")
    own = (folder / "contrasts.jsonl").is_file()
    return Items(fitted.contrasts, "the model's own pack" if own else "the default pack", fitted.texts)


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


def open_base(name: str | None, model: LoadedModel, settings: Settings) -> LoadedModel | None:
    """The model before tuning, if one was named.

    Raises:
        BadInput: it is the same model, or it reads other tokens.
    """
    return None if name is None else _beside("--base", name, model, settings, "nothing was tuned")


def open_twin(name: str | None, model: LoadedModel, settings: Settings) -> LoadedModel | None:
    """The model trained alike, if one was named.

    Raises:
        BadInput: it is the same model, or it reads other tokens.
    """
    return None if name is None else _beside("--twin", name, model, settings, "nothing can part them")


def _beside(flag: str, name: str, model: LoadedModel, settings: Settings, same: str) -> LoadedModel:
    """Another model that reads what the model reads, and is not the same."""
    other = load(name, dtype=settings.dtype, device=settings.device)
    if other.card.weights_hash == model.card.weights_hash:
        raise BadInput(f"{flag} {name} has the same weights as {model.card.name}: {same}")
    if not reads_alike(other, model):
        raise BadInput(f"{flag} {name} has another vocabulary than {model.card.name}: it reads other tokens")
    return other


def open_pack(name: str, pack: str | None, bank: str | None, traits: str | None) -> FacePack:
    """What the face is looked at with: the pack that was given, else the model's own, else the default.

    Args:
        name: of the model, by which a slide's pack is found.
        pack: a pack's folder or file, or `slide:NAME`.
        bank: files of roles, whose voices take the place of the pack's.
        traits: files of traits, which take the place of the pack's.

    Raises:
        BadInput: a file cannot be read.
    """
    found = _pack(name if pack is None else pack, given=pack is not None)
    if bank is not None:
        own = [voice for voice in found.bank.voices if not voice.role]
        found = replace(found, bank=Bank((*own, *read_voices(Path(bank)))))
    return found if traits is None else replace(found, traits=read_traits(Path(traits)))


def _pack(name: str, given: bool) -> FacePack:
    from mesolens.slides.facepack import pack_for

    slides = pack_for(name) if name.startswith("slide:") else None
    if slides is not None:
        return slides
    return read_pack(Path(name)) if given else pack_of(resolve(name).folder)


def open_angles(named: str | None) -> tuple[list[str] | None, Sequence[Mapping[str, Json]]]:
    """Compositions to look from, and rows that declare more angles: from a list in the syntax, or from a file.

    `a|b:0.5, c` names two compositions; a file of `[[angle]]` tables adds its angles and looks from them.
    """
    if named is None:
        return None, ()
    file = Path(named)
    if not file.is_file():
        return [part.strip() for part in named.split(",") if part.strip()], ()
    from mesolens.angles.declared import declared, rows_of

    rows = cast("list[Mapping[str, Json]]", rows_of(file))
    return list(declared(rows, str(file))), rows


def open_sights(angles: str | None, unseen: str | None, broken: str | None) -> Sights:
    """From where organs are found, tried and looked at; what is not named is as it comes.

    Raises:
        BadInput: a file declares no angle.
    """
    found, rows = open_angles(angles)
    held, looked = (open_angles(each)[0] for each in (unseen, broken))
    usual = Sights()
    return Sights(
        usual.found if found is None else tuple(found),
        usual.held if held is None else tuple(held),
        () if looked is None else tuple(looked),
        tuple(rows),
    )


def open_corpus(name: str, corpus: str | None) -> tuple[str, str]:
    """Path and hash of the training text: what was given, else a slide's own; two empty texts where there is none.

    Raises:
        BadInput: there is no such file or folder.
    """
    from mesolens.instruments.face.covered import files_of
    from mesolens.model.hashes import of_files
    from mesolens.slides.written import text_for

    own = text_for(name) if name.startswith("slide:") else None
    path = own if corpus is None else Path(corpus)
    if path is None:
        return "", ""
    return str(path.resolve()), of_files(files_of(path))


def open_depth(
    model: LoadedModel,
    task: str | None,
    texts: str | None,
    settings: Settings,
    sums: str | None = None,
    myopic: LoadedModel | None = None,
) -> DepthSpec:
    """What depth is asked: the task of a file, else a slide's own, else presentations made for the tokenizer.

    Raises:
        BadInput: a file cannot be read, or a value is not one token.
    """
    from mesolens.api.depths import asked, text_rows

    rows = () if texts is None else text_rows(model, Path(texts))
    return asked(model, task, texts=rows, sums=sums, myopic=myopic, budget=settings.budget, seed=settings.seed)


def open_myopic(name: str | None, model: LoadedModel, settings: Settings) -> LoadedModel | None:
    """The twin that was trained myopically, if one was named.

    Raises:
        BadInput: it is the same model, or it reads other tokens.
    """
    return None if name is None else _beside("--myopic", name, model, settings, "nothing can part them")

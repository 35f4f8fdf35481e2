"""From a name to a model that may be looked into, or to one line that says why not.

Nothing of a stranger's is run or trusted on the way: the configuration is searched for code, the weights must be
safetensors inside the folder and whole by their headers, and only then does transformers build the model. Afterwards
every parameter must have come from the files, be finite, and fit the tokenizer; the model must be causal, as measured.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model import hashes, soundness
from mesolens.model.card import ModelCard
from mesolens.model.folder import inside, read_json
from mesolens.model.loaded import LoadedModel
from mesolens.model.quiet import overheard
from mesolens.model.resolve import Source, resolve
from mesolens.model.trust import TrustedCode, check_code
from mesolens.model.weights import weight_files

CONFIG = "config.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
ADAPTER = "adapter_config.json"
VOCABULARIES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
TOKENIZER_FILES = (
    *VOCABULARIES,
    TOKENIZER_CONFIG,
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
)
DTYPES = ("float32", "float64", "bfloat16", "float16")
_WINDOWS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length")


def load(
    ref: str | Path, *, dtype: str = "float32", device: str = "cpu", trust: TrustedCode | None = None
) -> LoadedModel:
    """The model that `ref` names: a folder, `org/name@revision` on the hub, or `slide:NAME`.

    Its parameters are frozen and it is in evaluation mode; its attention implementation is transformers' choice for it.
    `trust` permits the Python files of one repository at one commit; without it no model that needs its own code loads.

    Raises:
        BadInput: the name, the dtype, the device or the folder's content cannot be used.
        Unsafe: the model would run code that is not trusted, or its weights are pickles or outside the folder.
    """
    kind, place = _dtype(dtype), _device(device)
    source = resolve(ref)
    files, runs_code = _checked_files(source, trust)
    needed = trust if runs_code else None
    with overheard() as notes:
        module = _module(source, kind, needed, notes)
        tokenizer = _tokenizer(source, needed)
    soundness.check_finite(module, source.name)
    soundness.check_vocabulary(module, tokenizer, source.name)
    tokenizer_hash = hashes.of_files(_tokenizer_files(source.folder)) if tokenizer is not None else ""
    weights_hash = hashes.of_files(files)
    module.to(place)  # pyright: ignore[reportArgumentType]
    return _ready(module, tokenizer, source.name, weights_hash, tokenizer_hash, notes)


def adopt(
    module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase | None = None, name: str = "in-memory"
) -> LoadedModel:
    """A model that is in memory already; it stays the same object, its parameters frozen and set to evaluation mode.

    Raises:
        BadInput: a weight is not finite, the tokenizer does not fit, or the model is not causal.
    """
    soundness.check_finite(module, name)
    soundness.check_vocabulary(module, tokenizer, name)
    return _ready(module, tokenizer, name, hashes.of_module(module), hashes.of_tokenizer(tokenizer), [])


def card_of(module: PreTrainedModel, name: str, weights_hash: str, tokenizer_hash: str) -> ModelCard:
    """The description of a frozen model, its anatomy measured."""
    from mesolens.model.probe import find_anatomy

    return ModelCard(
        name=name,
        architecture=type(module).__name__,
        weights_hash=weights_hash,
        tokenizer_hash=tokenizer_hash,
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        vocabulary=soundness.vocabulary(module),
        window=_window(module.config),
        dtype=str(module.dtype).removeprefix("torch."),
        device=str(module.device),
        anatomy=find_anatomy(module),
    )


def _ready(
    module: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase | None,
    name: str,
    weights_hash: str,
    tokenizer_hash: str,
    notes: list[str],
) -> LoadedModel:
    module.requires_grad_(False).eval()
    soundness.check_causal(module, name)
    card = card_of(module, name, weights_hash, tokenizer_hash)
    return LoadedModel(module, tokenizer, card, tuple(dict.fromkeys(notes)))


def _dtype(name: str) -> torch.dtype:
    if name not in DTYPES:
        raise BadInput(f"no dtype {printable(name, 60)!r}; choose from {', '.join(DTYPES)}")
    return cast(torch.dtype, getattr(torch, name))


def _device(name: str) -> torch.device:
    shown = printable(name, 60)
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise BadInput(f"no device {shown!r} on this machine; use cpu, cuda, cuda:0 or mps") from None
    if device.type == "meta":
        raise BadInput("device 'meta' holds no numbers; use cpu, cuda or mps")
    return device


def _checked_files(source: Source, trust: TrustedCode | None) -> tuple[tuple[Path, ...], bool]:
    """Configuration and weight files, and whether trusted code will run; after every check that needs no library."""
    folder = source.folder
    if (folder / ADAPTER).exists():
        raise BadInput(f"{printable(source.name)} holds a PEFT adapter; merge it into its model and save that")
    if not (folder / CONFIG).exists():
        raise BadInput(f"{printable(str(folder))} has no {CONFIG}; give the folder that save_pretrained() wrote")
    for file in _tokenizer_files(folder):
        inside(folder, file.name)
    names = [name for name in (CONFIG, TOKENIZER_CONFIG) if (folder / name).exists()]
    runs_code = check_code(source, {name: read_json(inside(folder, name)) for name in names}, trust)
    return (folder / CONFIG, *weight_files(folder)), runs_code


def _tokenizer_files(folder: Path) -> list[Path]:
    return [folder / name for name in TOKENIZER_FILES if (folder / name).exists()]


def _where(source: Source, trust: TrustedCode | None) -> tuple[str, dict[str, object]]:
    """What transformers is told to read. Only trusted code is read from the hub; all else from the checked folder."""
    if trust is None:
        return str(source.folder), {"trust_remote_code": False, "local_files_only": True}
    pinned: dict[str, object] = {
        "trust_remote_code": True,
        "revision": source.commit or trust.commit,
        "code_revision": trust.commit,
    }
    return (source.repo or str(source.folder)), pinned


def _module(source: Source, dtype: torch.dtype, trust: TrustedCode | None, notes: list[str]) -> PreTrainedModel:
    path, options = _where(source, trust)
    config = _config(source, path, options)
    try:
        built = AutoModelForCausalLM.from_pretrained(
            path,
            config=config,
            dtype=dtype,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **options,
        )
    except Exception as problem:  # transformers raises a dozen kinds for a folder that it cannot build
        raise BadInput(f"{printable(source.name)} cannot be built: {_reason(problem)}") from None
    module, info = cast(tuple[PreTrainedModel, Mapping[str, object]], built)
    notes += soundness.check_keys(source.name, info)
    return module


def _config(source: Source, path: str, options: Mapping[str, object]) -> PreTrainedConfig:
    try:
        config = AutoConfig.from_pretrained(path, **options)
    except Exception as problem:
        raise BadInput(f"{printable(source.name)}: {CONFIG} cannot be used: {_reason(problem)}") from None
    if not options["trust_remote_code"] and type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        kind = printable(str(config.model_type), 60)
        raise BadInput(f"{printable(source.name)} is a {kind!r}, which is no causal language model in transformers")
    return config


def _tokenizer(source: Source, trust: TrustedCode | None) -> PreTrainedTokenizerBase | None:
    if not any((source.folder / name).exists() for name in (*VOCABULARIES, TOKENIZER_CONFIG)):
        return None
    path, options = _where(source, trust)
    try:
        return cast(PreTrainedTokenizerBase, AutoTokenizer.from_pretrained(path, **options))
    except Exception as problem:
        raise BadInput(f"{printable(source.name)}: its tokenizer cannot be read: {_reason(problem)}") from None


def _reason(problem: Exception) -> str:
    lines = str(problem).strip().splitlines()
    return printable(f"{type(problem).__name__}: {lines[0] if lines else 'no reason given'}", 240)


def _window(config: PreTrainedConfig) -> int | None:
    told = config.get_text_config()
    found = (getattr(told, name, None) for name in _WINDOWS)
    return next((length for length in found if isinstance(length, int) and length > 0), None)

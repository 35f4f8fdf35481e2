"""Digests that say which model and which tokenizer a result is about.

Files are hashed as bytes, so the digest of a folder needs no library and never changes with one; what is in memory is
hashed by names, types, shapes and values. Every piece is preceded by its name and length, so that no two different
sets of pieces give the same stream of bytes.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

CHUNK = 1 << 22


def of_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the files' names and bytes, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda path: path.name):
        digest.update(_head(path.name, path.stat().st_size))
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                digest.update(piece)
    return digest.hexdigest()


def of_module(module: PreTrainedModel) -> str:
    """SHA-256 over a model's configuration and parameters, buffers included, wherever they are."""
    digest = hashlib.sha256()
    config = json.dumps(module.config.to_diff_dict(), sort_keys=True, default=str).encode()
    digest.update(_head("config", len(config)) + config)
    for name, tensor in sorted(module.state_dict().items()):
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(_head(f"{name} {tensor.dtype} {tuple(tensor.shape)}", flat.numel() * flat.element_size()))
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def of_tokenizer(tokenizer: PreTrainedTokenizerBase | None) -> str:
    """SHA-256 over a tokenizer's vocabulary, rules, special tokens and chat template; "" without a tokenizer."""
    if tokenizer is None:
        return ""
    core = getattr(tokenizer, "backend_tokenizer", None)
    rules = core.to_str() if core is not None else json.dumps(tokenizer.get_vocab(), sort_keys=True)
    parts = [rules, tokenizer.special_tokens_map, tokenizer.chat_template]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _head(name: str, size: int) -> bytes:
    return json.dumps([name, size]).encode() + b"\n"

"""What a built model must pass before anything is measured on it: all its weights are from its files and finite, its
tokenizer fits, and it never looks to the right.
"""

from collections.abc import Collection, Mapping
from typing import cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.hostile import printable

CAUSAL_BAR = 1e-3
"""How far, over the largest logit, a later token may move an earlier one's logits (a causal model: rounding)."""

TOKENS = 8


def check_keys(name: str, info: Mapping[str, object]) -> list[str]:
    """Notes on tensors in the files that the model has no use for.

    Raises:
        BadInput: a parameter is not in the files or has another shape there; it would be random otherwise.
    """
    missing = sorted(cast(Collection[str], info["missing_keys"]))
    mismatched = sorted(cast(Collection[tuple[str, object, object]], info["mismatched_keys"]), key=lambda key: key[0])
    errors = cast(Collection[str], info["error_msgs"])
    if missing:
        raise BadInput(
            f"{printable(name)}: {_some(missing)} not in its weight files, and would be random; is its config.json "
            "that of a language model with these weights?"
        )
    for key, found, wanted in mismatched:
        shapes = f"{_shape(found)} in the files and {_shape(wanted)} by config.json"
        raise BadInput(f"{printable(name)}: tensor {printable(key, 80)} is {shapes}; the two do not belong together")
    for error in errors:
        raise BadInput(f"{printable(name)}: its weights cannot be read: {printable(error, 160)}")
    unused = sorted(cast(Collection[str], info["unexpected_keys"]))
    return [f"{_some(unused)} in the weight files and not used by the model"] if unused else []


def _some(names: Collection[str]) -> str:
    shown = ", ".join(printable(name, 80) for name in list(names)[:3])
    return f"{len(names)} tensor{'s are' if len(names) > 1 else ' is'} ({shown}{', …' if len(names) > 3 else ''})"


def _shape(shape: object) -> str:
    return "×".join(str(n) for n in cast(tuple[int, ...], shape))


def check_finite(module: PreTrainedModel, name: str) -> None:
    """Refuse weights that are not numbers.

    Raises:
        BadInput: a parameter holds NaN or infinity; the message names it and counts them.
    """
    for key, tensor in module.named_parameters():
        if not tensor.is_floating_point() or torch.isfinite(tensor.sum()):
            continue
        bad = int((~torch.isfinite(tensor)).sum())
        if bad:
            where = f"tensor {printable(key, 80)} holds {bad:,} values of {tensor.numel():,}"
            raise BadInput(
                f"{printable(name)}: {where} that are NaN or infinite as {tensor.dtype}; nothing can be measured"
            )


def check_vocabulary(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase | None, name: str) -> None:
    """Refuse a tokenizer that gives ids which the model has no embedding for.

    Raises:
        BadInput: with the largest id and the number of rows.
    """
    largest = max(tokenizer.get_vocab().values(), default=-1) if tokenizer is not None else -1
    rows = vocabulary(module)
    if largest >= rows:
        raise BadInput(
            f"{printable(name)}: its tokenizer gives ids up to {largest:,} and the model embeds {rows:,} tokens (0 to "
            f"{rows - 1:,}); the two do not belong together"
        )


def vocabulary(module: PreTrainedModel) -> int:
    """Rows of the input embedding."""
    return int(cast(torch.Tensor, module.get_input_embeddings().weight).shape[0])


@torch.no_grad()
def check_causal(module: PreTrainedModel, name: str) -> None:
    """Refuse a model in which a later token moves the logits of an earlier one, as an encoder's do.

    Raises:
        BadInput: with the place and the size of the change, or when the model does not run on token ids alone.
    """
    rows = vocabulary(module)
    ids = torch.arange(TOKENS, device=module.device)[None] % rows
    other = ids.clone()
    other[0, -1] = (int(ids[0, -1]) + 1) % rows
    try:
        before, after = (module(input_ids=tokens).logits[0, :-1].float() for tokens in (ids, other))
    except Exception as problem:  # whatever the model's own code raises, it cannot be used
        reason = printable(f"{type(problem).__name__}: {problem}", 160)
        raise BadInput(f"{printable(name)} does not run on token ids alone: {reason}") from None
    moved = (after - before).abs().amax(-1) / before.abs().max().clamp_min(1e-30)
    worst = int(moved.argmax())
    if moved[worst] > CAUSAL_BAR:
        raise BadInput(
            f"{printable(name)} is no causal language model: another token {TOKENS - 1} moves the logits at token "
            f"{worst} by {float(moved[worst]):.2g} of the largest; Mesolens reads decoders only"
        )

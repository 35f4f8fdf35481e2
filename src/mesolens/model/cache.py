"""A shared beginning run once: its keys and values, given to every row that goes on from it.

Used only where it is exact: every layer's cache must be transformers' plain one, which keeps all keys and values. A
sliding window, a recurrent state or a quantised cache is refused, and so is a model that does not give the same logits
with the cache as without on a few tokens; its rows are then run whole.
"""

import inspect
from collections.abc import Sequence
from typing import TypeGuard, cast

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer

Ids = tuple[int, ...]
ROUNDINGS = 32
"""How far the logits with the cache may be from those without, over the largest: so many roundings of the dtype."""

TOKENS, SPLIT = 7, 4


def remember(module: PreTrainedModel, prefixes: Sequence[Ids]) -> DynamicCache | None:
    """The keys and values of prefixes of one length, or None when the model has no cache that can be shared."""
    ids = torch.tensor(list(prefixes), device=module.device)
    options = {} if "logits_to_keep" not in accepted(module) else {"logits_to_keep": 1}
    cache = cast(object, getattr(module(input_ids=ids, use_cache=True, **options), "past_key_values", None))
    return cache if plain(cache) and cache.get_seq_length() == ids.shape[1] else None


def plain(cache: object) -> TypeGuard[DynamicCache]:
    """Whether every layer's cache is transformers' plain one, which keeps all keys and values."""
    return isinstance(cache, DynamicCache) and all(type(layer) is DynamicLayer for layer in cache.layers)


def copied(cache: DynamicCache, owners: Sequence[int]) -> DynamicCache:
    """For each of some rows the cache of the prefix that it goes on from, named by number; `cache` stays as it is."""
    copy = DynamicCache()
    for number, layer in enumerate(cache.layers):
        keys, values = (cast(Tensor, getattr(layer, name)) for name in ("keys", "values"))
        chosen = torch.tensor(owners, device=keys.device)
        copy.update(keys.index_select(0, chosen), values.index_select(0, chosen), number)
    return copy


def shares_prefixes(module: PreTrainedModel, vocabulary: int) -> bool:
    """Whether two rows that go on from one cache get the logits that each gets alone; costs three small passes."""
    ids = torch.arange(1, 1 + 2 * TOKENS, device=module.device).reshape(2, TOKENS) % vocabulary
    ids[1, :SPLIT] = ids[0, :SPLIT]
    try:
        cache = remember(module, [tuple(ids[0, :SPLIT].tolist())])
        if cache is None:
            return False
        with_it = module(input_ids=ids[:, SPLIT:], past_key_values=copied(cache, (0, 0)), use_cache=True).logits
        without = module(input_ids=ids).logits[:, SPLIT:]
    except Exception:  # a model of somebody's own may raise anything when given a cache; then it is run without
        return False
    bar = ROUNDINGS * torch.finfo(without.dtype).eps * without.abs().max()
    return bool((with_it - without).abs().max() <= bar)


def accepted(module: PreTrainedModel) -> frozenset[str]:
    """The names of the arguments that the model's forward takes."""
    return frozenset(inspect.signature(module.forward).parameters)

"""What a model says next, for many rows at once, as each row grows token by token.

Rows are padded on the right, so that nothing stands before a row's first token. A model whose cache is transformers'
plain one goes on from it: keys of padding are masked, and each token gets the position that it has in its own row.
Whether that gives the logits of whole rows is tried on a few tokens first. Where it does not, rows of one length go on
from the cache together, without a mask; and where the cache itself is not plain (a sliding window, a recurrent state),
rows are run whole again for every token, which is slow and always right.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from mesolens.model.batches import Batch, Ids, rectangle
from mesolens.model.cache import ROUNDINGS, accepted, plain
from mesolens.model.heads import Places, head_of, logits_at
from mesolens.model.loaded import LoadedModel

Way = Literal["padded", "even", "whole"]
"""How rows may go on: from one cache at any lengths, from one cache at equal lengths, or only whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """A model, and how it may be asked for what comes next.

    Attributes:
        head: its map from states to logits, where the states of each row's last token may be gathered before it.
    """

    module: PreTrainedModel
    head: str | None
    way: Way

    def speaker(self, rows: Sequence[Ids]) -> "Whole | Remembering":
        """Rows that are ready to go on."""
        return (Whole if self.way == "whole" else Remembering)(self.module, self.head, rows)


@torch.no_grad()
def mouth_of(model: LoadedModel) -> Mouth:
    """How rows of this model may go on, tried on a few tokens; costs a dozen passes of 18 tokens at most."""
    module, vocabulary = model.module, model.card.vocabulary
    head = head_of(module, model.anatomy, vocabulary)
    uneven, even = ([_ids(vocabulary, first, length) for first, length in case] for case in _TRIED)
    if _agrees(module, uneven, vocabulary):
        return Mouth(module, head, "padded")
    return Mouth(module, head, "even" if _agrees(module, even, vocabulary) else "whole")


_TRIED = (((1, 7), (3, 4)), ((1, 5), (3, 5)))


def _ids(vocabulary: int, first: int, length: int) -> Ids:
    return tuple((first + 5 * place) % vocabulary for place in range(length))


def _agrees(module: PreTrainedModel, rows: Sequence[Ids], vocabulary: int) -> bool:
    """Whether two more tokens get the same logits from the cache as from whole rows."""
    tokens = [torch.tensor(pair, device=module.device) % vocabulary for pair in ((2, 5), (11, 3))]
    try:
        found, truth = (_logits(kind(module, None, rows), tokens) for kind in (Remembering, Whole))
    except Exception:  # a model of somebody's own may raise anything when given a cache; then it is run without
        return False
    bar = ROUNDINGS * torch.finfo(truth.dtype).eps * truth.abs().max()
    return bool((found - truth).abs().max() <= bar)


def _logits(rows: "Whole | Remembering", tokens: Sequence[Tensor]) -> Tensor:
    return torch.stack([rows.first(), *map(rows.after, tokens)])


class Whole:
    """Rows that are run from their beginning for every token."""

    def __init__(self, module: PreTrainedModel, head: str | None, rows: Sequence[Ids]) -> None:
        self._module, self._head = module, head
        self._rows = list(rows)

    def first(self) -> Float[Tensor, "B V"]:
        """The logits after the rows as they were given."""
        batch = rectangle(self._rows, range(len(self._rows)))
        return logits_at(self._module, batch.ids.to(self._module.device), _last(batch), self._head, use_cache=False)

    def after(self, tokens: Int[Tensor, " B"]) -> Float[Tensor, "B V"]:
        """The logits after one more token for each row."""
        self._rows = [(*row, token) for row, token in zip(self._rows, tokens.tolist(), strict=True)]
        return self.first()

    def keep(self, rows: Bool[Tensor, " B"]) -> None:
        """Go on with these rows alone."""
        self._rows = [row for row, kept in zip(self._rows, rows.tolist(), strict=True) if kept]


class Remembering:
    """Rows that go on from a cache.

    `first` raises ValueError where the model's cache is not transformers' plain one.
    """

    def __init__(self, module: PreTrainedModel, head: str | None, rows: Sequence[Ids]) -> None:
        self._module, self._head = module, head
        self._batch = rectangle(rows, range(len(rows)))
        self._even = len(set(self._batch.lengths)) == 1
        self._position_B = torch.tensor(self._batch.lengths, device=module.device)
        self._mask_BT = torch.arange(self._batch.ids.shape[1], device=module.device) < self._position_B[:, None]
        self._cache = DynamicCache(config=module.config)

    def first(self) -> Float[Tensor, "B V"]:
        """The logits after the rows as they were given."""
        ids_BT, options = self._batch.ids.to(self._module.device), {"past_key_values": self._cache, "use_cache": True}
        logits_BV = logits_at(self._module, ids_BT, _last(self._batch), self._head, **options)
        if not plain(self._cache) or self._cache.get_seq_length() != ids_BT.shape[1]:
            raise ValueError("the model's cache does not keep every key and value")
        return logits_BV

    def after(self, tokens: Int[Tensor, " B"]) -> Float[Tensor, "B V"]:
        """The logits after one more token for each row."""
        options: dict[str, object] = {"past_key_values": self._cache, "use_cache": True}
        if not self._even:
            self._mask_BT = torch.cat([self._mask_BT, self._mask_BT.new_ones(len(tokens), 1)], 1)
            options |= {"attention_mask": self._mask_BT.long()}
            if "position_ids" in accepted(self._module):
                options["position_ids"] = self._position_B[:, None]
        self._position_B = self._position_B + 1
        forward = cast(Callable[..., object], self._module)
        output = forward(input_ids=tokens[:, None].to(self._module.device), **options)
        return cast(Tensor, getattr(output, "logits"))[:, -1]  # noqa: B009

    def keep(self, rows: Bool[Tensor, " B"]) -> None:
        """Go on with these rows alone."""
        chosen = rows.to(self._module.device)
        self._cache.batch_select_indices(chosen)
        self._position_B, self._mask_BT = self._position_B[chosen], self._mask_BT[chosen]


def _last(batch: Batch) -> Places:
    """The place of each row's last token."""
    return Places(torch.arange(len(batch.lengths)), torch.tensor(batch.lengths) - 1)

"""What a model says next, for many rows at once, as each row grows token by token.

Rows are padded on the right, so that nothing stands before a row's first token. A model whose cache is transformers'
plain one goes on from it: keys of padding are masked, and each token gets the position that it has in its own row.
Whether that gives the logits of whole rows is tried on a few tokens first. Where it does not, rows of one length go on
from the cache together, without a mask; and where the cache itself is not plain (a sliding window, a recurrent state),
rows are run whole again for every token, which is slow and always right.
"""

from collections.abc import Callable, Sequence
from typing import Literal, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from mesolens.model.batches import Ids, rectangle
from mesolens.model.cache import ROUNDINGS, accepted, plain

Way = Literal["padded", "even", "whole"]
"""How rows may go on: from one cache at any lengths, from one cache at equal lengths, or only whole."""


def speaker(module: PreTrainedModel, rows: Sequence[Ids], way: Way) -> "Whole | Remembering":
    """Rows that are ready to go on; `way` is what `way_of` found for the model."""
    return Whole(module, rows) if way == "whole" else Remembering(module, rows)


@torch.no_grad()
def way_of(module: PreTrainedModel, vocabulary: int) -> Way:
    """How rows of this model may go on, tried on a few tokens; costs a dozen passes of 18 tokens at most."""
    uneven, even = ([_ids(vocabulary, first, length) for first, length in case] for case in _TRIED)
    if _agrees(module, uneven, vocabulary):
        return "padded"
    return "even" if _agrees(module, even, vocabulary) else "whole"


_TRIED = (((1, 7), (3, 4)), ((1, 5), (3, 5)))


def _ids(vocabulary: int, first: int, length: int) -> Ids:
    return tuple((first + 5 * place) % vocabulary for place in range(length))


def _agrees(module: PreTrainedModel, rows: Sequence[Ids], vocabulary: int) -> bool:
    """Whether two more tokens get the same logits from the cache as from whole rows."""
    tokens = [torch.tensor(pair, device=module.device) % vocabulary for pair in ((2, 5), (11, 3))]
    try:
        found, truth = (_logits(each, tokens) for each in (Remembering(module, rows), Whole(module, rows)))
    except Exception:  # a model of somebody's own may raise anything when given a cache; then it is run without
        return False
    bar = ROUNDINGS * torch.finfo(truth.dtype).eps * truth.abs().max()
    return bool((found - truth).abs().max() <= bar)


def _logits(rows: "Whole | Remembering", tokens: Sequence[Tensor]) -> Tensor:
    return torch.stack([rows.first(), *map(rows.after, tokens)])


class Whole:
    """Rows that are run from their beginning for every token."""

    def __init__(self, module: PreTrainedModel, rows: Sequence[Ids]) -> None:
        self._module = module
        self._rows = list(rows)

    def first(self) -> Float[Tensor, "B V"]:
        """The logits after the rows as they were given."""
        batch = rectangle(self._rows, range(len(self._rows)))
        return _last(_run(self._module, batch.ids, batch.lengths, {"use_cache": False}), batch.lengths)

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

    def __init__(self, module: PreTrainedModel, rows: Sequence[Ids]) -> None:
        self._module = module
        self._batch = rectangle(rows, range(len(rows)))
        lengths = torch.tensor(self._batch.lengths)
        self._even = len(set(self._batch.lengths)) == 1
        self._position_B = lengths.to(module.device)
        self._mask_BT = (torch.arange(self._batch.ids.shape[1]) < lengths[:, None]).to(module.device)
        self._cache = DynamicCache()

    def first(self) -> Float[Tensor, "B V"]:
        """The logits after the rows as they were given."""
        output = _run(self._module, self._batch.ids, self._batch.lengths, {"use_cache": True})
        cache = getattr(output[0], "past_key_values", None)
        if not plain(cache):
            raise ValueError("the model's cache does not keep every key and value")
        self._cache = cache
        return _last(output, self._batch.lengths)

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


Output = tuple[object, tuple[int, ...]]
"""What a pass gave, and the positions whose logits it holds."""


def _run(module: PreTrainedModel, ids_BT: Tensor, lengths: Sequence[int], options: dict[str, object]) -> Output:
    """One pass from the beginning of the rows; logits at the last position of any row where the model can be told."""
    kept = tuple(range(ids_BT.shape[1]))
    if "logits_to_keep" in accepted(module):
        kept = tuple(sorted({length - 1 for length in lengths}))
        options = {**options, "logits_to_keep": torch.tensor(kept, device=module.device)}
    forward = cast(Callable[..., object], module)
    return forward(input_ids=ids_BT.to(module.device), **options), kept


def _last(output: Output, lengths: Sequence[int]) -> Tensor:
    logits_BPV = cast(Tensor, getattr(output[0], "logits"))  # noqa: B009
    place = {position: place for place, position in enumerate(output[1])}
    return logits_BPV[torch.arange(len(lengths)), torch.tensor([place[length - 1] for length in lengths])]

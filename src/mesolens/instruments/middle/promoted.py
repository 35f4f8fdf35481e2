"""What opened leaves promote: a direct logit lens on the difference that each leaf writes.

For leaf k with columns W_k of its writer's last linear map, the mean write difference at the places where the readout
is taken, carried to the logits along the straight path alone and to first order:

    p_k = U · mean over contrasts of  J_norm · s · J_post · W_k (a_k − a_k,ref)

J_norm is the derivative of the final norm at the clean final stream, J_post that of the norms behind the linear map (if
the family has any) at its clean output, s the writer's scale and U the head's weight. Soft caps and scales behind the
head are left out, and so is all that later layers make of the write. From p_k its mean over the vocabulary is taken, as
a shift of all logits changes no probability.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor, nn

from mesolens.instruments.middle.glance import Glance, Opened
from mesolens.model.chat import token_texts
from mesolens.model.linears import weight_columns
from mesolens.model.loaded import LoadedModel

MOST = 10
"""Tokens that are kept on either side."""

SCHEMA = pa.schema(
    [
        ("site", pa.dictionary(pa.int32(), pa.string())),
        ("rank", pa.int32()),
        ("token", pa.string()),
        ("value", pa.float64()),
    ]
)

Models = tuple[LoadedModel, LoadedModel | None]


def straight(glance: Glance) -> bool:
    """Whether the head is given what the final norm gives, so that the norm's derivative leads to the logits."""
    given, gave = glance.ends.get("head"), glance.ends.get("out")
    return given is not None and gave is not None and torch.equal(given, gave.to(given))


@torch.no_grad()
def pushes(models: Models, glance: Glance, gates: Sequence[Opened]) -> Iterator[tuple[str, Float[Tensor, " d"]]]:
    """What each opened leaf adds to the final norm's output, summed over the batch's contrasts, in float64."""
    model = models[0].module
    norm = models[0].anatomy.final_norm
    assert norm is not None
    reads = glance.reads
    for opened in gates:
        site, writer = opened.gate.site, opened.gate.writer
        assert writer is not None
        moved = _written(models[0], opened, glance.clean[site][reads.row, reads.clean])
        moved = moved - _written(models[1] or models[0], opened, glance.reference[site][reads.row, reads.reference])
        output = glance.outputs[site]
        for post in writer.post:
            output, moved = _through(model.get_submodule(post), output, moved)
        _, moved = _through(model.get_submodule(norm), glance.ends["in"], moved * writer.scale)
        yield from zip(opened.names, torch.einsum("m,kmd->kd", reads.weight, moved.double()), strict=True)


def promoted_table(model: LoadedModel, found: Mapping[str, Float[Tensor, " d"]]) -> pa.Table:
    """The tokens most promoted and most held back by each leaf, from its mean push behind the final norm."""
    rows: list[dict[str, object]] = []
    head = model.anatomy.head
    weight = None if head is None else weight_columns(model.module.get_submodule(head))
    for name, push in found.items():
        assert weight is not None
        logits = (weight @ push.to(weight)).double()
        rows += _extremes(model, name, logits - logits.mean())
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _extremes(model: LoadedModel, name: str, logits: Float[Tensor, " V"]) -> list[dict[str, object]]:
    order = torch.argsort(logits, descending=True, stable=True).tolist()
    most = min(MOST, len(order) // 2)
    picks = [*enumerate(order[:most]), *((-1 - k, token) for k, token in enumerate(reversed(order[-most:])))]
    texts = token_texts(model.tokenizer, [token for _, token in picks])
    return [
        {"site": name, "rank": rank, "token": text, "value": float(logits[token])}
        for (rank, token), text in zip(picks, texts, strict=True)
    ]


def _written(model: LoadedModel, opened: Opened, given: Float[Tensor, "M K w"]) -> Float[Tensor, "K M d"]:
    """What the opened leaves of a linear map add to its output."""
    columns = weight_columns(model.module.get_submodule(opened.gate.module))
    return torch.einsum("okw,mkw->kmo", opened.of(columns), given)


def _through(
    module: nn.Module, at: Float[Tensor, "M d"], moved: Float[Tensor, "K M d"]
) -> tuple[Float[Tensor, "M d"], Float[Tensor, "K M d"]]:
    """What a module gives at a point, and its derivative there along each of K directions."""
    gave, along = cast(tuple[Tensor, Tensor], torch.autograd.functional.jvp(module, at.expand_as(moved), moved))
    return gave[0], along

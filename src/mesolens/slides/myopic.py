"""Myopic training: the loss at a token does not reach back into the states of the tokens before it.

With *h_j* what attention reads of token *j*, and [*h*] its value with no gradient,

    token i, looking at itself,       sees  W_K h_i   and  W_V h_i,
    token i, looking at j before it,  sees  W_K [h_j] and  W_V [h_j].

So the projections learn from whatever is read through them, and what is read is shaped by its own token's loss alone
(Wu, Morris and Levine, *Do language models plan ahead for future tokens?*, 2024). Numbers are those of plain attention:
only gradients differ. The embedding is a state as well: a token's row learns where the token stands itself.

What is kept for a block's attention is its input behind the norm; the norm's gain thus learns from queries and from a
token's own key and value. Weights are shared between places, so a block may still do at an earlier token what it
learned to do at a later one. That is no preparation, and no training at hand can take it away.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import eager_mask
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

NAME = "myopic"
"""What the attention is registered as."""
_READ = "_myopic_read"


@contextmanager
def myopic(module: PreTrainedModel) -> Generator[PreTrainedModel]:
    """Let a Llama with one key for each head train myopically; afterwards it is as it was.

    Args:
        module: what is trained; its configuration must not say that several heads share a key.
    """
    whole = cast("Any", module)
    before = whole.config._attn_implementation
    attentions = [layer.self_attn for layer in whole.model.layers]
    handles = [each.register_forward_pre_hook(_keep, with_kwargs=True) for each in attentions]
    whole.set_attn_implementation(NAME)
    try:
        yield module
    finally:
        whole.set_attn_implementation(before)
        for handle, each in zip(handles, attentions, strict=True):
            handle.remove()
            vars(each).pop(_READ, None)


def _keep(attention: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """What the block's attention reads, with no gradient, and the turns of its places."""
    vars(attention)[_READ] = (kwargs["hidden_states"].detach(), kwargs["position_embeddings"])


def attend(
    attention: nn.Module,
    query: Float[Tensor, "B H T D"],
    key: Float[Tensor, "B H T D"],
    value: Float[Tensor, "B H T D"],
    attention_mask: Float[Tensor, "B 1 T T"] | None,
    scaling: float,
    **_: object,
) -> tuple[Float[Tensor, "B T H D"], Float[Tensor, "B H T T"]]:
    """Attention in the form of transformers' own: what is read, and the weights of reading."""
    far_key, far_value = _projected(attention, query)
    own = torch.eye(query.shape[2], dtype=torch.bool)
    score = torch.where(own, (query * key).sum(-1)[..., None], query @ far_key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        score = score + attention_mask
    weight = score.softmax(-1)
    read = weight @ far_value + weight.diagonal(dim1=2, dim2=3)[..., None] * (value - far_value)
    return read.transpose(1, 2).contiguous(), weight


def _projected(attention: nn.Module, query: Float[Tensor, "B H T D"]) -> tuple[Tensor, Tensor]:
    """Keys and values of states that no gradient reaches, through projections that it does."""
    whole = cast("Any", attention)
    state, (cosine, sine) = vars(attention)[_READ]
    key, value = (
        projection(state).view(*state.shape[:2], -1, whole.head_dim).transpose(1, 2)
        for projection in (whole.k_proj, whole.v_proj)
    )
    return apply_rotary_pos_emb(query.detach(), key, cosine, sine)[1], value


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, eager_mask)

"""The scalar that is explained, m = Σ sign · log p(token), one for each row, in nats and in float64."""

import inspect

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Reads


def logits_at(model: PreTrainedModel, ids: Int[Tensor, "B T"], positions: Int[Tensor, " P"]) -> Float[Tensor, "B P V"]:
    """Logits at `positions` only, where the model can leave the others out of the projection."""
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        logits: Tensor = model(input_ids=ids, logits_to_keep=positions, use_cache=False).logits
        return logits
    whole: Tensor = model(input_ids=ids, use_cache=False).logits
    return whole[:, positions]


def metric_of(logits: Float[Tensor, "B P V"], reads: Reads) -> Float[Tensor, " B"]:
    """The readout of each row from logits at the reads' positions; rows without a term read 0."""
    log_probabilities = torch.log_softmax(logits.double(), dim=-1)
    terms = log_probabilities[reads.row, reads.place, reads.token] * reads.sign
    return torch.zeros(len(logits), dtype=torch.float64, device=logits.device).index_add(0, reads.row, terms)

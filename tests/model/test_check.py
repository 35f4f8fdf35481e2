"""The checks fail when what they claim is not so: each is shown a model that breaks it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from mesolens.model.anatomy import Anatomy
from mesolens.model.check import blended_logits, cut, writes
from mesolens.model.probe import find_anatomy, probing, random_tokens
from mesolens.model.recording import forward
from mesolens.model.stream import relative
from tests.model.families import build

REFERENCE = "blending at 0 gives the reference's logits"
CAUSAL = "later tokens do not change earlier logits"


def value(anatomy: Anatomy, name: str) -> tuple[float, bool]:
    check = next(check for check in anatomy.checks if check.name == name)
    return check.value, check.holds


@contextmanager
def hooked(module: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """A model that does something behind its modules' backs."""
    handle = module.register_forward_pre_hook(lambda _, args: (change(args[0]), *args[1:]))
    yield
    handle.remove()


def test_a_path_around_the_stream_shows_in_the_reference_check() -> None:
    model = build("llama")
    seen: list[Tensor] = []
    keep = model.model.embed_tokens.register_forward_hook(lambda _, __, out: seen.append(out))
    with hooked(model.model.norm, lambda stream: stream + 0.5 * seen[-1]):
        anatomy = find_anatomy(model)
    keep.remove()
    error, holds = value(anatomy, REFERENCE)
    assert error > 1e-2
    assert not holds


def test_a_model_that_looks_ahead_shows_in_the_causal_check() -> None:
    model = build("gpt2")
    with hooked(model.transformer.ln_f, lambda stream: stream + stream.mean(1, keepdim=True)):
        anatomy = find_anatomy(model)
    error, holds = value(anatomy, CAUSAL)
    assert error > 1e-2
    assert not holds


def test_a_block_that_adds_what_no_module_gives_is_refused_and_attributed_whole() -> None:
    model = build("llama")
    block = model.model.layers[1]
    handle = block.register_forward_hook(lambda _, __, out: out + 0.1 * torch.sin(3 * out))
    anatomy = find_anatomy(model)
    assert [found.level for found in anatomy.blocks] == ["leaf", "block"]
    assert f"{anatomy.blocks[1].error:.1e}" in anatomy.blocks[1].refusal
    assert all(check.holds for check in anatomy.checks)
    handle.remove()


def test_a_projection_that_is_not_its_weights_is_refused_at_the_leaves_only() -> None:
    model = build("gpt_neox")
    linear = model.gpt_neox.layers[0].mlp.dense_4h_to_h
    handle = linear.register_forward_hook(lambda _, __, out: out + 0.01 * out**2)
    writer = find_anatomy(model).blocks[0].writers[1]
    handle.remove()
    assert (writer.name, writer.leaves, writer.linear) == ("mlp", 0, None)
    assert f"{writer.error:.1e}" in writer.refusal


@pytest.mark.parametrize("name", ["gpt2", "mixtral", "openai-gpt"])
@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
def test_blending_two_runs_of_one_prompt_changes_nothing_at_any_alpha(name: str, alpha: float) -> None:
    """Also where writers or whole blocks stand in for refused leaves."""
    model = build(name)
    anatomy = find_anatomy(model)
    with probing(model) as generator:
        ids = random_tokens(model, generator)
        own = writes(model, anatomy, ids)
        assert set(own) == set(cut(anatomy))
        assert relative(blended_logits(model, anatomy, ids, own, alpha), forward(model, ids)) <= 1e-5


def test_every_check_is_measured_and_none_is_nan() -> None:
    model: PreTrainedModel = build("granite")
    checks = find_anatomy(model).checks
    assert len({check.name for check in checks}) == len(checks) == 6
    assert all(0 <= check.value < 1 for check in checks)

"""Probing disturbs nothing, works in every precision, and tells writers apart by what they do."""

from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.modeling_utils import AttentionInterface

from mesolens.errors import BadInput
from mesolens.model.anatomy import Anatomy
from mesolens.model.probe import find_anatomy
from tests.model.families import build
from tests.model.test_probe_families import written
from tests.model.truths import WRITERS


def hooks_of(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def assert_as_written(name: str, anatomy: Anatomy) -> None:
    truth = WRITERS[name]
    assert tuple(map(written, anatomy.blocks)) == (truth if len(truth) > 1 else truth * len(anatomy.blocks))


def test_nothing_is_left_behind() -> None:
    model = build("llama")
    model.model.layers[1].train()
    modes = [part.training for part in model.modules()]
    weights = {path: weight.clone() for path, weight in model.named_parameters()}
    interface, state = AttentionInterface.get_interface, torch.get_rng_state()
    first, second = find_anatomy(model), find_anatomy(model)
    assert first == second
    assert [part.training for part in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert AttentionInterface.get_interface is interface
    assert hooks_of(model) == 0
    for path, weight in model.named_parameters():
        assert torch.equal(weight, weights[path])
        assert weight.requires_grad
        assert weight.grad is None


def test_nothing_is_left_behind_by_a_model_that_fails() -> None:
    model = build("gpt2").train()
    model.transformer.h[1].mlp.c_proj = nn.Linear(3, 3)
    interface, state = AttentionInterface.get_interface, torch.get_rng_state()
    with pytest.raises(BadInput, match=r"GPT2LMHeadModel does not run on token ids in torch.float32: "):
        find_anatomy(model)
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert AttentionInterface.get_interface is interface
    assert hooks_of(model) == 0


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("model.layers.1.mlp.down_proj.weight", "weights model.layers.1.mlp.down_proj.weight contain NaN"),
        ("model.norm.weight", "weights model.norm.weight contain NaN"),
    ],
)
def test_nan_is_refused_by_name(path: str, named: str) -> None:
    model = build("llama")
    with torch.no_grad():
        model.get_parameter(path).view(-1)[3] = float("nan")
    with pytest.raises(BadInput, match=named):
        find_anatomy(model)


@pytest.mark.parametrize("name", ["llama", "gpt2", "bloom", "mamba"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_every_precision_gives_the_same_writers(name: str, dtype: torch.dtype) -> None:
    anatomy = find_anatomy(build(name, dtype=dtype))
    assert_as_written(name, anatomy)
    assert [check for check in anatomy.checks if not check.holds] == []
    bars = {check.bar for check in anatomy.checks}
    assert bars == ({1e-5, 1e-6} if dtype == torch.float64 else {0.0625})


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_the_caller_of_attention_is_found_whatever_implementation_the_user_chose(implementation: str) -> None:
    model = build("qwen3")
    model.set_attn_implementation(implementation)
    writers = [writer for writer in find_anatomy(model).writers if writer.name == "attn"]
    assert [writer.attends for writer in writers] == [f"model.layers.{layer}.self_attn" for layer in (0, 1)]
    assert model.config._attn_implementation == implementation


def test_source_tokens_are_refused_where_heads_are_changed_after_attention() -> None:
    assert all(writer.attends is None and writer.leaves == 4 for writer in _attention(build("diffllama")))


def _attention(model: PreTrainedModel) -> list:
    return [writer for writer in find_anatomy(model).writers if writer.name == "attn"]


def test_silent_writers_are_found_where_they_would_write() -> None:
    """An untrained zero projection and a ReLU that sleeps give nothing, and are writers all the same."""
    model = build("opt")
    with torch.no_grad():
        model.model.decoder.layers[0].self_attn.out_proj.weight.zero_()
        model.model.decoder.layers[0].self_attn.out_proj.bias.zero_()
        model.model.decoder.layers[1].fc1.bias.fill_(-1e4)
        model.model.decoder.layers[1].fc2.bias.zero_()
    anatomy = find_anatomy(model)
    assert_as_written("opt", anatomy)
    assert [check for check in anatomy.checks if not check.holds] == []


def test_heads_are_counted_on_the_tensor_and_not_from_names() -> None:
    """A configuration that lies about its heads changes nothing where attention goes through the interface."""
    model = build("llama")
    model.config.num_attention_heads = 3
    assert_as_written("llama", find_anatomy(model))


def test_a_model_with_tight_limits_is_probed_inside_them() -> None:
    model = build("gpt2")
    small = type(model)(
        type(model.config)(vocab_size=3, n_embd=8, n_layer=1, n_head=2, n_positions=4, bos_token_id=0, eos_token_id=0)
    )
    anatomy = find_anatomy(small.eval())
    assert [written(block) for block in anatomy.blocks] == ["attn 2x4, mlp 32"]
    assert all(check.holds for check in anatomy.checks)


@pytest.mark.parametrize(
    ("folder", "blocks", "writes"),
    [
        ("models/stories260K", 5, "attn 8x8, mlp 172"),
        ("models/babyllama105", 5, "attn 8x16, mlp 352"),
        ("models/nano-sort", 3, "attn 3x16, mlp 192"),
        ("tracr/frac_prevs", 2, "attn 1x36, mlp 1"),
        ("tracr/pair_balance", 2, "attn 2x20, mlp 4"),
    ],
)
def test_real_and_compiled_models_close(shared: Path, folder: str, blocks: int, writes: str) -> None:
    model = AutoModelForCausalLM.from_pretrained(shared / folder, use_safetensors=True)
    anatomy = find_anatomy(model)
    assert [written(block) for block in anatomy.blocks] == [writes] * blocks
    assert [check for check in anatomy.checks if not check.holds] == []
    assert all(writer.attends for writer in anatomy.writers if writer.name == "attn")

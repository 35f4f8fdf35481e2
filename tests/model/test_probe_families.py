"""Probing finds in every family what its code writes, and what it finds carries the whole computation.

Run with `-s` (and `-m ''` for all families) to see the table of what was measured.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from mesolens.errors import BadInput
from mesolens.model.anatomy import Anatomy, Block, Writer
from mesolens.model.listing import anatomy_rows
from mesolens.model.probe import find_anatomy
from tests.model.families import ALL, FAST, MORE, build
from tests.model.truths import NO_STREAM, WRITERS

CASES = [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE if name not in NO_STREAM)]


def written(block: Block) -> str:
    return ", ".join(map(_told, block.writers)) or "block"


def _told(writer: Writer) -> str:
    size = (
        "" if not writer.leaves else f" {writer.leaves}x{writer.width}" if writer.leaf == "h" else f" {writer.leaves}"
    )
    return writer.name + size + ("" if writer.scale == 1 else f" *{writer.scale:.3g}")


@pytest.mark.parametrize("name", CASES)
def test_a_family_is_found_measured_and_complete(name: str) -> None:
    model = build(name)
    anatomy = find_anatomy(model)
    _print_table(name, anatomy)
    truth = WRITERS[name]
    assert tuple(map(written, anatomy.blocks)) == (truth if len(truth) > 1 else truth * len(anatomy.blocks))
    assert [check.name for check in anatomy.checks if not check.holds] == []
    assert anatomy.head is not None
    _assert_refusals_are_explained(anatomy)
    _assert_the_cut_carries_everything(model, anatomy)
    _assert_padding_does_not_reach_back(model)


@pytest.mark.slow
@pytest.mark.parametrize("name", NO_STREAM)
def test_a_model_without_one_stream_is_refused_with_the_number(name: str) -> None:
    with pytest.raises(BadInput, match=r"no residual stream runs .* by \d\.\de[+-]\d\d"):
        find_anatomy(build(name))


def test_every_family_has_its_truth_written_down() -> None:
    assert set(WRITERS) | set(NO_STREAM) == set(ALL)
    assert len(ALL) >= 35


def _assert_refusals_are_explained(anatomy: Anatomy) -> None:
    for block in anatomy.blocks:
        assert (block.refusal == "") == bool(block.writers)
        assert block.writers or f"{block.error:.1e}" in block.refusal
    for writer in anatomy.writers:
        assert (writer.refusal == "") == (writer.leaves > 0) == (writer.linear is not None)
        assert writer.leaves or "no single linear map" in writer.refusal or "e-" in writer.refusal


def _assert_the_cut_carries_everything(model: PreTrainedModel, anatomy: Anatomy) -> None:
    """With plain torch hooks: leaves put to themselves leave the logits, put to another prompt's give that prompt's."""
    generator = torch.Generator().manual_seed(7)
    own, other = torch.randint(3, 40, (2, 1, 11), generator=generator)
    places = [(anatomy.blocks[0].module, "in")]
    for block in anatomy.blocks:
        if not block.writers:
            return  # a whole block's change is no module's output; `check.py` measures those
        places += [(w.linear, "in") if w.linear else (w.module, "out") for w in block.writers]
    kept = {id(ids): _kept(model, places, ids) for ids in (own, other)}
    for target in (own, other):
        given = _logits(model, own, [(path, side, _put(kept[id(target)][path])) for path, side in places])
        plain = _logits(model, target, [])
        assert float((given - plain).abs().max() / plain.abs().max()) <= 1e-6


def _put(value: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda _: value.clone()


def _kept(model: PreTrainedModel, places: list[tuple[str, str]], ids: Tensor) -> dict[str, Tensor]:
    kept: dict[str, Tensor] = {}

    def keep(path: str) -> Callable[[Tensor], Tensor]:
        def action(tensor: Tensor) -> Tensor:
            kept[path] = tensor.clone()
            return tensor

        return action

    _logits(model, ids, [(path, side, keep(path)) for path, side in places])
    return kept


def _logits(model: PreTrainedModel, ids: Tensor, hooks: list[tuple[str, str, Callable[[Tensor], Tensor]]]) -> Tensor:
    handles = [_hook(model.get_submodule(path), side, action) for path, side, action in hooks]
    with torch.no_grad():
        logits = model(input_ids=ids, use_cache=False).logits.clone()
    for handle in handles:
        handle.remove()
    return logits


def _hook(module: nn.Module, side: str, action: Callable[[Tensor], Tensor]) -> torch.utils.hooks.RemovableHandle:
    def before(_: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        if args:
            return (action(args[0]), *args[1:]), kwargs
        name = next(iter(kwargs))
        return args, {**kwargs, name: action(kwargs[name])}

    def after(_: nn.Module, __: tuple, output: Tensor | tuple) -> Tensor | tuple:
        return action(output) if isinstance(output, Tensor) else (action(output[0]), *output[1:])

    return (
        module.register_forward_pre_hook(before, with_kwargs=True)
        if side == "in"
        else module.register_forward_hook(after)
    )


def _assert_padding_does_not_reach_back(model: PreTrainedModel) -> None:
    ids = torch.randint(3, 40, (2, 9), generator=torch.Generator().manual_seed(8))
    padded = torch.cat([ids, torch.zeros(2, 6, dtype=ids.dtype)], dim=1)
    plain, longer = _logits(model, ids, []), _logits(model, padded, [])[:, :9]
    assert float((plain - longer).abs().max() / plain.abs().max()) <= 1e-5


def _print_table(name: str, anatomy: Anatomy) -> None:
    measured = "  ".join(f"{check.value:.0e}" for check in anatomy.checks)
    print(f"\n{name}: {len(anatomy.blocks)} blocks; {anatomy.final_norm}; {anatomy.head}; checks {measured}")
    for row in anatomy_rows(anatomy):
        what = row["writer"] or "whole block"
        print(
            f"  {row['layer']} {what:<12} {row['module']:<44} x{row['scale']:<6.3g} {row['leaves']:>4}x"
            f"{row['width']:<4}"
            f" {row['level']:<6} {row['error']:.0e} {row['refusal']}"
        )

"""Loading: what is sound loads as transformers loads it; what is not is refused in one line, rightly."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, BertConfig, BertLMHeadModel, T5Config, T5ForConditionalGeneration
from transformers.utils import logging as chatter

from mesolens.errors import BadInput, Unsafe
from mesolens.model.load import adopt, load
from mesolens.model.trust import TrustedCode
from tests.model import tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.saved(tmp_path_factory.mktemp("origin"))


@pytest.fixture
def folder(origin: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(origin, tmp_path / "model"))


def edit(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    fields = json.loads(path.read_text())
    change(fields)
    path.write_text(json.dumps(fields))


def retensor(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def refusal(folder: Path | str, kind: type[Exception] = BadInput) -> str:
    with pytest.raises(kind) as caught:
        load(folder)
    message = str(caught.value)
    assert message.isprintable(), "a message is one line and moves no terminal"
    return message


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_logits_are_those_of_plain_transformers(family: str, tmp_path: Path) -> None:
    model = load(tiny.saved(tmp_path, family))
    plain = AutoModelForCausalLM.from_pretrained(tmp_path)
    ids = torch.arange(24)[None] * 7 % tiny.VOCABULARY
    assert torch.equal(model.module(ids).logits, plain(ids).logits)
    assert not model.module.training
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert model.card.window == tiny.WINDOW
    assert model.card.vocabulary == tiny.VOCABULARY
    assert model.card.parameters == sum(p.numel() for p in plain.parameters())
    assert (model.card.dtype, model.card.device) == ("float32", "cpu")
    assert model.module.config._attn_implementation == plain.config._attn_implementation


def test_real_models_load(shared: Path) -> None:
    for name, vocabulary in (("stories260K", 512), ("babyllama105", 105), ("nano-sort", 3)):
        model = load(shared / "models" / name)
        assert model.card.vocabulary == vocabulary
        assert model.tokenizer is not None
        assert model.card.tokenizer_hash


def test_a_folder_without_tokenizer_loads_without_one(tmp_path: Path) -> None:
    model = load(tiny.saved(tmp_path, with_tokenizer=False))
    assert model.tokenizer is None
    assert model.card.tokenizer_hash == ""


def test_the_hashes_change_exactly_with_their_files(folder: Path) -> None:
    first, again = load(folder).card, load(folder).card
    assert (first.weights_hash, first.tokenizer_hash) == (again.weights_hash, again.tokenizer_hash)
    retensor(folder, lambda tensors: tensors["model.norm.weight"].mul_(1.0001))
    changed = load(folder).card
    assert changed.weights_hash != first.weights_hash
    assert changed.tokenizer_hash == first.tokenizer_hash


def test_adopting_says_whether_two_models_are_the_same() -> None:
    one, same, other = (adopt(tiny.llama(seed), tiny.tokenizer()).card for seed in (0, 0, 1))
    assert (one.weights_hash, one.tokenizer_hash) == (same.weights_hash, same.tokenizer_hash)
    assert one.weights_hash != other.weights_hash
    assert adopt(tiny.llama()).card.tokenizer_hash == ""


def test_dtype_is_as_asked(folder: Path) -> None:
    assert load(folder, dtype="float64").module.dtype == torch.float64


@pytest.mark.parametrize(("option", "value"), [("dtype", "int8"), ("device", "toaster"), ("device", "meta")])
def test_wrong_dtypes_and_devices_are_named(folder: Path, option: str, value: str) -> None:
    with pytest.raises(BadInput, match=value):
        load(folder, **{option: value})  # pyright: ignore


def test_missing_pieces_are_named(folder: Path) -> None:
    assert "no/such/folder" in refusal("no/such/folder")
    (folder / "model.safetensors").rename(folder / "aside")
    assert "model.safetensors" in refusal(folder)
    (folder / "config.json").unlink()
    assert "config.json" in refusal(folder)


@pytest.mark.parametrize("text", ["{", "[]", "\xff", "{}", '{"model_type": "nothing-known"}', '{"model_type": 3}'])
def test_a_broken_configuration_is_refused(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text, "latin-1")
    assert "config.json" in refusal(folder)


def test_truncated_weights_are_refused_with_sizes(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4096])
    message = refusal(folder)
    assert "model.safetensors" in message
    assert f"{weights.stat().st_size - 8 - int.from_bytes(weights.read_bytes()[:8], 'little'):,}" in message


def test_pickles_are_refused_with_the_conversion(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    message = refusal(folder, Unsafe)
    assert "pytorch_model.bin" in message
    assert "save_pretrained" in message


def test_weights_that_transformers_would_invent_are_refused(folder: Path) -> None:
    retensor(folder, lambda tensors: tensors.pop("model.layers.1.mlp.up_proj.weight"))
    assert "model.layers.1.mlp.up_proj.weight" in refusal(folder)


def test_weights_of_another_shape_are_refused(folder: Path) -> None:
    edit(folder / "config.json", lambda config: config.update(intermediate_size=64))
    message = refusal(folder)
    assert "32×48" in message
    assert "32×64" in message


def test_unused_weights_are_a_note(folder: Path) -> None:
    retensor(folder, lambda tensors: tensors.update({"spare\x1b[2J": torch.zeros(3)}))
    notes = load(folder).notes
    assert any("spare\\x1b[2J" in note for note in notes)
    assert all(note.isprintable() for note in notes)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_named(folder: Path, value: float) -> None:
    retensor(folder, lambda tensors: tensors["model.layers.0.mlp.down_proj.weight"].view(-1)[5].fill_(value))
    message = refusal(folder)
    assert "model.layers.0.mlp.down_proj.weight" in message
    assert "1 values of 1,536" in message


def test_huge_finite_weights_are_not_taken_for_infinite(folder: Path) -> None:
    retensor(folder, lambda tensors: tensors["model.embed_tokens.weight"].view(-1)[:2].fill_(3e38))
    assert load(folder).module.get_input_embeddings().weight.isfinite().all()


def test_a_tokenizer_beyond_the_embedding_is_refused_with_numbers(tmp_path: Path) -> None:
    tiny.saved(tmp_path)
    text = tiny.tokenizer()
    text.add_tokens([f"extra{n}" for n in range(50)])
    text.save_pretrained(tmp_path)
    message = refusal(tmp_path)
    assert str(len(text) - 1) in message
    assert str(tiny.VOCABULARY) in message


def test_an_encoder_is_refused_for_what_it_does(tmp_path: Path) -> None:
    sizes = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 48}
    config = BertConfig(**sizes, num_hidden_layers=2, num_attention_heads=4, is_decoder=False)
    torch.manual_seed(0)
    BertLMHeadModel(config).save_pretrained(tmp_path)
    assert "no causal language model" in refusal(tmp_path)


def test_an_encoder_decoder_is_refused(tmp_path: Path) -> None:
    config = T5Config(vocab_size=50, d_model=32, d_ff=32, d_kv=8, num_layers=1, num_heads=4)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    assert "'t5'" in refusal(tmp_path)


def test_an_adapter_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "org/other"}')
    assert "adapter" in refusal(folder)


def test_nothing_is_printed_while_loading(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    retensor(folder, lambda tensors: tensors.update(spare=torch.zeros(3)))
    load(folder)
    assert capfd.readouterr() == ("", "")


def test_transformers_speaks_again_afterwards(folder: Path) -> None:
    logger, bars = logging.getLogger("transformers"), chatter.is_progress_bar_enabled()
    before = (logger.handlers[:], logger.propagate, logger.level)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    refusal(folder, Unsafe)
    (folder / "pytorch_model.bin").rename(folder / "model.safetensors")
    load(folder)
    assert (logger.handlers, logger.propagate, logger.level) == before
    assert chatter.is_progress_bar_enabled() == bars


class TestCode:
    """Code that comes with a model."""

    def test_it_is_refused_and_explained(self, folder: Path) -> None:
        edit(folder / "config.json", lambda c: c.update(auto_map={"AutoModelForCausalLM": "modeling_x.X"}))
        assert "auto_map" in refusal(folder, Unsafe)

    def test_trust_in_another_repository_does_not_help(self, folder: Path) -> None:
        edit(folder / "config.json", lambda c: c.update(auto_map={"AutoConfig": "evil/repo--conf.C"}))
        with pytest.raises(Unsafe, match="evil/repo"):
            load(folder, trust=TrustedCode("good/repo", COMMIT))

    def test_a_folder_of_its_own_cannot_be_trusted_by_repository(self, folder: Path) -> None:
        edit(folder / "config.json", lambda c: c.update(auto_map={"AutoConfig": "conf.C"}))
        with pytest.raises(Unsafe, match="folder itself"):
            load(folder, trust=TrustedCode("good/repo", COMMIT))

    @pytest.mark.parametrize("commit", ["main", "v1.0", COMMIT[:12], COMMIT.upper(), COMMIT + "\n", ""])
    def test_only_a_full_commit_is_trust(self, commit: str) -> None:
        with pytest.raises(Unsafe, match="40 hex"):
            TrustedCode("good/repo", commit)

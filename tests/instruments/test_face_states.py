"""What the model sees from an angle: bits, distances and moves as plain transformers gives them, row by row."""

import math
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jaxtyping import Float
from transformers import PreTrainedTokenizerBase

from mesolens import api
from mesolens.errors import BadInput
from mesolens.instruments.face import FaceSpec, face_spec, measure, plan
from mesolens.instruments.face.asking import Ids, called, compositions, ids, turn
from mesolens.instruments.face.covered import LENGTH, documents, files_of, sequences
from mesolens.instruments.face.plan import angle_shard, state_shards
from mesolens.instruments.face.states import CLEAN
from mesolens.model.chat import encode_prompt
from mesolens.model.loaded import LoadedModel
from mesolens.slides.facepack import face_pack
from tests.instruments.test_face_space import shrunk

ANGLES = ("identity", "tail-signed", "leet")


@cache
def slide(name: str = "mask-small") -> LoadedModel:
    return api.load(f"slide:{name}")


@cache
def asked() -> FaceSpec:
    spec = face_spec(face_pack("mask-small"), budget="quick", angles=ANGLES)
    return replace(spec, items=spec.items[:3], clean=spec.clean[:30], traits=(), base="ba5e")


def rows(*angles: str, model: LoadedModel | None = None, base: LoadedModel | None = None) -> list[dict[str, Any]]:
    shard = angle_shard(slide().card, asked(), "states", angles)
    return measure(model or slide(), shard, against=base)["face-states"].to_pylist()


@cache
def found() -> list[dict[str, Any]]:
    return rows(*ANGLES)


def prompt(item: int, angle: str) -> Ids:
    (composition,) = compositions([angle], asked().declared)
    return ids(slide(), turn(asked().items[item], composition, asked().seed, 0))


def states(prompts: list[Ids]) -> Float[np.ndarray, "I L W"]:
    """The residual stream after every block at the last token of each prompt, one plain pass for each."""
    kept: list[np.ndarray] = []
    for each in prompts:
        layers: list[np.ndarray] = []
        hooks = [
            block.register_forward_hook(
                lambda _module, _input, out, layers=layers: layers.append(
                    (out[0] if isinstance(out, tuple) else out)[0, -1].double().numpy()
                )
            )
            for block in slide().module.model.layers
        ]  # fmt: skip
        with torch.no_grad():
            slide().module(torch.tensor([each]))
        for hook in hooks:
            hook.remove()
        kept.append(np.stack(layers))
    return np.stack(kept)


def test_distances_and_moves_are_those_of_plain_passes() -> None:
    spec, width = asked(), slide().anatomy.stream_width
    clean = spec.clean[::2]
    own = states([ids(slide(), item.question) for item in clean])
    means = np.stack([states([ids(slide(), called(i.question, v.role)) for i in clean]).mean(0) for v in spec.voices])
    for place, angle in ((0, "identity"), (1, "tail-signed"), (2, "leet")):
        row = next(r for r in found() if r["angle"] == angle and r["item"] == spec.items[place].id)
        now, start = states([prompt(place, angle), prompt(place, "identity")])
        for layer in range(len(now)):
            off = now[layer] - own[:, layer].mean(0)
            far = math.sqrt(off @ np.linalg.solve(shrunk(own[:, layer]), off) / width)
            assert row["distance"][layer] == pytest.approx(far, rel=1e-3)
            move, centred = now[layer] - start[layer], means[:, layer] - means[:, layer].mean(0)
            solved = np.linalg.lstsq(centred.T, move, rcond=None)[0]
            inside = centred.T @ solved
            unit = np.linalg.norm(centred, axis=1).mean()
            assert row["inside"][layer] == pytest.approx(np.linalg.norm(inside) / unit, rel=1e-3, abs=1e-4)
            assert row["outside"][layer] == pytest.approx(np.linalg.norm(move - inside) / unit, rel=1e-3, abs=1e-3)
            axis = means[0, layer] - means[1:, layer].mean(0)
            assert row["axis"][layer] == pytest.approx(move @ axis / (axis @ axis), rel=1e-3, abs=1e-4)


def test_bits_are_of_the_whole_turned_prompt_and_bytes_of_the_message_as_it_was() -> None:
    for row in found():
        place = [item.id for item in asked().items].index(row["item"])
        each = prompt(place, row["angle"])
        with torch.no_grad():
            log_p = slide().module(torch.tensor([each])).logits[0, :-1].double().log_softmax(-1)
        nats = -log_p.gather(1, torch.tensor(each[1:])[:, None]).sum().item()
        assert row["bits"] == pytest.approx(nats / math.log(2), rel=1e-5)
        assert row["tokens"] == len(each)
        assert row["bytes"] == len(asked().items[place].question.text.encode())
        assert row["base_bits"] is None


def test_unmoved_is_nought() -> None:
    for row in found():
        if row["angle"] == "identity":
            for part in ("inside", "outside", "axis"):
                assert row[part] == pytest.approx([0.0, 0.0], abs=1e-5)
        if row["angle"] == "leet":
            assert min(row["outside"]) > 0


def test_a_base_is_asked_the_same_in_its_own_bits() -> None:
    base = slide("mask")
    with_base = rows("tail-signed", base=base)
    alone = measure(base, angle_shard(base.card, asked(), "states", ("tail-signed",)))["face-states"].to_pylist()
    for row, other in zip(with_base, alone, strict=True):
        assert row["base_bits"] == pytest.approx(other["bits"], rel=1e-6)
        assert row["bits"] != pytest.approx(other["bits"], rel=1e-3)


def test_a_base_that_reads_other_tokens_is_refused_by_name() -> None:
    tokenizer = deepcopy(slide("mask").tokenizer)
    assert isinstance(tokenizer, PreTrainedTokenizerBase)
    tokenizer.add_tokens(["zzz"])
    other = replace(slide("mask"), tokenizer=tokenizer)
    with pytest.raises(BadInput, match=r"slide:mask reads other tokens than slide:mask-small"):
        rows("leet", base=other)


def test_rows_do_not_depend_on_what_is_looked_at_beside_them() -> None:
    for row in rows("leet"):
        among = next(r for r in found() if (r["angle"], r["item"]) == (row["angle"], row["item"]))
        for name, value in row.items():
            assert value == (
                among[name] if isinstance(value, str | int | None) else pytest.approx(among[name], abs=1e-4)
            )


def test_clean_prompts_are_those_that_did_not_describe_the_persona() -> None:
    held, *_ = state_shards(slide().card, asked(), ANGLES)
    tables = measure(slide(), held)
    assert tables["face-states"]["item"].to_pylist() == [item.id for item in asked().clean[1::2]]
    assert set(tables["face-states"]["angle"].to_pylist()) == {CLEAN}
    assert tables["face-axis"]["layer"].to_pylist() == [0, 1]
    own, *others = (
        states([ids(slide(), called(item.question, voice.role)) for item in asked().clean[::2]]).mean(0)
        for voice in asked().voices
    )
    np.testing.assert_allclose(tables["face-axis"]["own_less_roles"].to_pylist(), own - np.mean(others, 0), atol=1e-4)


def test_a_prompt_that_the_window_does_not_hold_has_no_row_and_none_at_all_make_an_empty_table() -> None:
    lengths = {place: len(prompt(place, "said-twice|said-twice")) for place in range(3)}
    longest = max(lengths.values())
    some = replace(slide(), card=replace(slide().card, window=longest - 1))
    expected = [asked().items[place].id for place, length in lengths.items() if length < longest]
    assert [row["item"] for row in rows("said-twice|said-twice", model=some)] == expected
    none = replace(slide(), card=replace(slide().card, window=min(lengths.values()) - 1))
    assert rows("said-twice|said-twice", model=none) == []


def test_coverage_counts_the_runs_of_three_tokens_that_the_text_has(tmp_path: Path) -> None:
    lines = ['{"text": "Well now, yes, tea is good."}', "", '{"text": ""}']
    (tmp_path / "part.jsonl").write_text("\n".join(line for line in lines if line) + "\n")
    (tmp_path / "notes.md").write_text(asked().items[0].question.text)
    (tmp_path / "image.png").write_bytes(b"\x00")
    spec = replace(asked(), corpus=str(tmp_path), corpus_hash="c0")
    (shard,) = [each for each in plan(slide().card, spec) if each.depends["kind"] == "coverage"]
    table = measure(slide(), shard)["face-coverage"].to_pylist()
    written = ("Well now, yes, tea is good.", asked().items[0].question.text)
    text = [encode_prompt(slide().tokenizer, each).ids for each in written]
    there = {each[k : k + LENGTH] for each in text for k in range(len(each) - LENGTH + 1)}
    at = {(row["angle"], row["item"]): row["coverage"] for row in table}
    assert set(at) == {(CLEAN, item.id) for item in spec.clean[1::2]} | {(a, i.id) for a in ANGLES for i in spec.items}
    for place, item in enumerate(spec.items):
        for angle in ANGLES:
            each = prompt(place, angle)
            runs = [each[k : k + LENGTH] for k in range(len(each) - LENGTH + 1)]
            assert at[angle, item.id] == pytest.approx(sum(run in there for run in runs) / len(runs))
    assert at["identity", spec.items[0].id] > at["leet", spec.items[0].id]
    assert sorted(sequences(slide(), tmp_path)) == sorted(text), "an empty document is none"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b"{", "a.jsonl:1: not JSON"),
        ("a.jsonl", b'{"text": "x"}\n[]\n', "a.jsonl:2: a document is an object with a `text`"),
        ("a.jsonl", b'{"text": 1}', "a.jsonl:1: a document"),
        ("a.txt", b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        list(documents(file))


def test_a_path_without_text_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.txt"):
        with pytest.raises(BadInput, match=r"is no text; give a file, or a folder of \.txt, \.md, \.jsonl files"):
            files_of(path)

"""Headers and shards: every file that is whole passes, and no damage of any kind does."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save, save_file

from mesolens.errors import BadInput, MesolensError, Unsafe
from mesolens.model.folder import inside, read_json
from mesolens.model.header import read_header
from mesolens.model.weights import weight_files

TENSORS = {"a": torch.arange(6, dtype=torch.float32).reshape(2, 3), "b": torch.ones(4, dtype=torch.bfloat16)}
WHOLE = save(TENSORS, {"format": "pt"})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights") / "model.safetensors"


def raw(header: object, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_a_whole_file_is_read_as_the_library_reads_it(file: Path) -> None:
    file.write_bytes(WHOLE)
    found = read_header(file)
    with safe_open(file, "pt") as library:
        assert set(found) == set(library.keys())
    data = WHOLE[8 + int.from_bytes(WHOLE[:8], "little") :]
    for name, (begin, end) in found.items():
        assert data[begin:end] == TENSORS[name].reshape(-1).view(torch.uint8).numpy().tobytes()


@given(st.integers(0, len(WHOLE) - 1))
def test_every_truncation_is_refused(file: Path, length: int) -> None:
    file.write_bytes(WHOLE[:length])
    with pytest.raises(BadInput, match="is damaged"):
        read_header(file)


@given(st.binary(min_size=1, max_size=40))
def test_whatever_is_appended_is_refused(file: Path, more: bytes) -> None:
    file.write_bytes(WHOLE + more)
    with pytest.raises(BadInput, match="is damaged"):
        read_header(file)


@given(st.binary(max_size=200))
def test_noise_is_refused(file: Path, noise: bytes) -> None:
    file.write_bytes(noise)
    with pytest.raises(BadInput):
        read_header(file)


@given(st.integers(8, 7 + int.from_bytes(WHOLE[:8], "little")), st.integers(0, 255))
@settings(max_examples=200)
def test_a_changed_header_is_refused_or_still_means_something_to_the_library(
    file: Path, place: int, value: int
) -> None:
    damaged = WHOLE[:place] + bytes([value]) + WHOLE[place + 1 :]
    file.write_bytes(damaged)
    try:
        found = read_header(file)
    except BadInput:
        return
    with safe_open(file, "pt") as library:
        assert set(found) == set(library.keys())


F32 = {"dtype": "F32", "shape": [2]}


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"a": {**F32, "data_offsets": [0, 8]}, "b": {**F32, "data_offsets": [4, 12]}}, "overlaps"),
        ({"a": {**F32, "data_offsets": [0, 8]}, "b": {**F32, "data_offsets": [12, 20]}}, "gap"),
        ({"a": {**F32, "data_offsets": [0, 4]}}, "needs 8 bytes and has 4"),
        ({"a": {**F32, "data_offsets": [8, 0]}}, "needs 8 bytes"),
        ({"a": {**F32, "data_offsets": [4, 12]}}, "begins at byte 4"),
        ({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}, "no usable"),
        ({"a": {"dtype": "F32", "shape": [True, 2], "data_offsets": [0, 8]}}, "no usable"),
        ({"a": {"dtype": "OBJ", "shape": [2], "data_offsets": [0, 8]}}, "no usable"),
        ({"a\x1b[2J\u202e": 3}, r"a\\x1b\[2J\\u202e"),
        ([], "not a JSON object"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"[" * 5000, "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, header: object, says: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(raw(header, bytes(20)))
    with pytest.raises(BadInput, match=says) as caught:
        read_header(path)
    assert str(caught.value).isprintable()


def test_an_absurd_header_length_reads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes((2**63).to_bytes(8, "little") + b"{}")
    with pytest.raises(BadInput, match="9,223,372,036,854,775,808"):
        read_header(path)


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    save_file({"a": TENSORS["a"]}, tmp_path / "one.safetensors")
    save_file({"b": TENSORS["b"]}, tmp_path / "two.safetensors")
    point(tmp_path, {"a": "one.safetensors", "b": "two.safetensors"})
    return tmp_path


def point(folder: Path, weight_map: object) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))


def test_all_shards_are_found_once(sharded: Path) -> None:
    assert [path.name for path in weight_files(sharded)] == ["one.safetensors", "two.safetensors"]


def test_a_missing_shard_is_named(sharded: Path) -> None:
    (sharded / "two.safetensors").unlink()
    with pytest.raises(BadInput, match=r"two\.safetensors"):
        weight_files(sharded)


def test_a_tensor_that_is_not_in_its_shard_is_named(sharded: Path) -> None:
    point(sharded, {"a": "two.safetensors"})
    with pytest.raises(BadInput, match="says that a is in two"):
        weight_files(sharded)


@pytest.mark.parametrize("weight_map", [None, {}, [], {"a": 3}, {"a": ["one.safetensors"]}])
def test_an_index_without_a_map_is_refused(sharded: Path, weight_map: object) -> None:
    point(sharded, weight_map)
    with pytest.raises(BadInput, match="weight_map"):
        weight_files(sharded)


@pytest.mark.parametrize("name", ["../x.safetensors", "/etc/passwd", "a/../../b", "..", ".", "", "a\\b", "a\0b", "x/y"])
def test_names_that_leave_the_folder_are_refused(sharded: Path, name: str) -> None:
    point(sharded, {"a": name})
    with pytest.raises(Unsafe) as caught:
        weight_files(sharded)
    assert str(caught.value).isprintable()


def test_links_are_followed_inside_the_folder_and_the_hubs_cache_only(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(WHOLE)
    snapshot, blobs = tmp_path / "hub" / "snapshots" / "abc", tmp_path / "hub" / "blobs"
    for folder in (snapshot, blobs):
        folder.mkdir(parents=True)
    (blobs / "1234").write_bytes(WHOLE)
    (snapshot / "model.safetensors").symlink_to(blobs / "1234")
    assert weight_files(snapshot) == (snapshot / "model.safetensors",)
    (snapshot / "alias").symlink_to(snapshot / "model.safetensors")
    assert inside(snapshot, "alias")
    (snapshot / "model.safetensors").unlink()
    (snapshot / "model.safetensors").symlink_to(outside)
    with pytest.raises(Unsafe, match="link out of its folder"):
        weight_files(snapshot)


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "x.pt", "last.ckpt", "m.pth"]
)
def test_pickles_alone_are_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(Unsafe, match=name):
        weight_files(tmp_path)


def test_pickles_beside_safetensors_are_left_alone(sharded: Path) -> None:
    (sharded / "training_args.bin").write_bytes(b"")
    assert len(weight_files(sharded)) == 2


def test_no_weights_and_no_tensors_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no weights"):
        weight_files(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(raw({"__metadata__": {}}, b""))
    with pytest.raises(BadInput, match="no tensors"):
        weight_files(tmp_path)


@given(st.binary(max_size=40))
def test_json_is_an_object_or_refused(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    try:
        assert isinstance(read_json(file), dict)
    except MesolensError as problem:
        assert str(problem).isprintable()  # noqa: PT017

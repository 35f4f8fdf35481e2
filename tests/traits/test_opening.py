"""A stranger's files: nothing outside the folder, nothing without end, nothing that is no text."""

import os
from pathlib import Path

import pytest

from mesolens.errors import BadInput, Unsafe
from mesolens.traits import opening
from mesolens.traits.opening import beside, files_in, json_object, read_text


def test_a_file_is_read_up_to_its_bound_and_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LARGEST", 8)
    (tmp_path / "fits").write_bytes(b"12345678")
    (tmp_path / "large").write_bytes(b"123456789")
    assert read_text(tmp_path / "fits") == "12345678"
    with pytest.raises(BadInput, match="larger than 8 bytes"):
        read_text(tmp_path / "large")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("latin", "not UTF-8"), ("pipe", "no regular file"), ("none", "No such file"), (".", "regular")):
        with pytest.raises(BadInput, match=said):
            read_text(tmp_path / name)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbf{}")
    assert read_text(tmp_path / "marked") == "{}"


@pytest.mark.parametrize("text", ["", "{", "[]", "9" * 5000, '{"a":' * 100_000, "\x1b[2J"])
def test_what_is_no_object_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as problem:
        json_object(text, "here")
    assert str(problem.value).isprintable()
    assert str(problem.value).startswith("here: ")


@pytest.mark.parametrize("name", ["", ".", "..", "../secret", "/etc/passwd", "a/b", "a\\b", "a\0b"])
def test_a_path_is_no_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(Unsafe, match="name a file that lies beside the pack") as problem:
        beside(tmp_path / "pack", name)
    assert str(problem.value).isprintable()


def test_a_link_may_stay_in_its_folder_and_not_leave_it(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (tmp_path / "secret.jsonl").write_text("secret")
    (pack / "real.jsonl").write_text("{}")
    (pack / "inside.jsonl").symlink_to("real.jsonl")
    assert beside(pack, "inside.jsonl").read_text() == "{}"
    assert files_in(pack) == [pack / "real.jsonl"]
    (pack / "out.jsonl").symlink_to(tmp_path / "secret.jsonl")
    for read in (lambda: beside(pack, "out.jsonl"), lambda: files_in(pack)):
        with pytest.raises(Unsafe, match="link out of its folder"):
            read()


def test_a_folder_that_leads_out_is_refused(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    (pack / "sub").mkdir(parents=True)
    (pack / "sub" / "up").symlink_to(pack)
    assert files_in(pack) == []
    (pack / "sub" / "home").symlink_to(tmp_path)
    with pytest.raises(Unsafe, match="link out of its folder"):
        files_in(pack)


def test_the_hub_keeps_every_file_behind_a_link(tmp_path: Path) -> None:
    commit = tmp_path / "datasets--a--b" / "snapshots" / "0123"
    blobs = tmp_path / "datasets--a--b" / "blobs"
    (commit / "persona").mkdir(parents=True)
    blobs.mkdir()
    (blobs / "f00d").write_text("{}")
    (commit / "persona" / "x.jsonl").symlink_to(blobs / "f00d")
    assert files_in(commit) == files_in(commit / "persona") == [commit / "persona" / "x.jsonl"]


def test_only_what_may_hold_traits_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.json", "a.jsonl", "sub/c.toml", "README.md", "LICENSE", ".hidden.json", ".git/d.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert [str(path.relative_to(tmp_path)) for path in files_in(tmp_path)] == ["a.jsonl", "b.json", "sub/c.toml"]
    monkeypatch.setattr(opening, "MOST", 2)
    with pytest.raises(BadInput, match="more than 2 files"):
        files_in(tmp_path)

"""References: folders first, slides by name, and the hub with safe files only, the commit kept."""

import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors
from transformers import AutoModelForCausalLM

from mesolens.errors import BadInput, Unsafe
from mesolens.model import resolve as resolving
from mesolens.model.load import load
from mesolens.model.resolve import Source, resolve
from mesolens.model.trust import TrustedCode, check_code
from tests.model import tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("mask", "mask-base", "glass"):
        (tmp_path / "slides" / "shelf" / name).mkdir(parents=True)
        (tmp_path / "slides" / "shelf" / name / "config.json").write_text("{}")
    monkeypatch.setattr(resolving, "files", lambda package: tmp_path)
    return tmp_path / "slides" / "shelf"


def test_a_slide_is_found_by_name(shelf: Path) -> None:
    assert resolve("slide:mask") == Source(shelf / "mask", "slide:mask")


def test_an_unknown_slide_lists_close_ones(shelf: Path) -> None:
    with pytest.raises(BadInput, match="mask-base, mask") as caught:
        resolve("slide:mask-bass")
    assert "glass" not in str(caught.value)
    with pytest.raises(BadInput, match="glass"):
        resolve("slide:zzz")


@pytest.mark.parametrize("name", ["../mask", "/etc", "", ".", "mask/../glass"])
def test_a_slides_name_is_no_path(shelf: Path, name: str) -> None:
    with pytest.raises(BadInput):
        resolve(f"slide:{name}")


def test_a_folder_wins_over_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert resolve("org/name") == Source(Path("org/name"), "org/name")


@pytest.mark.parametrize(
    "ref", ["nothing", "./a/b", "../a", "/a/b", "a/b/c", "a b/c", "org/name@", "x\x1b[2J", Path("a/b")]
)
def test_what_is_neither_folder_nor_hub_is_refused(ref: str | Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: pytest.fail("asked the hub"))
    with pytest.raises(BadInput) as caught:
        resolve(ref)
    assert str(caught.value).isprintable()


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(BadInput, match="is a file"):
        resolve(tmp_path / "model.safetensors")


def hub(monkeypatch: pytest.MonkeyPatch, answer: Path | Exception, names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []

    def download(repo: str, **options: Any) -> str:
        asked.append({"repo": repo, **options})
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.setattr(huggingface_hub.HfApi, "list_repo_files", lambda *_, **__: list(names))
    return asked


def test_only_safe_files_are_fetched_and_the_commit_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "snapshots" / COMMIT
    tiny.saved(folder)
    asked = hub(monkeypatch, folder)
    assert resolve("org/name@main") == Source(folder, f"org/name@{COMMIT}", "org/name", COMMIT)
    assert resolve("org/name").commit == COMMIT
    assert [call["revision"] for call in asked] == ["main", None]
    assert not {"*", "*.bin", "*.py", "*.pt"} & set(asked[0]["allow_patterns"])
    assert load("org/name").card.name == f"org/name@{COMMIT}"


def test_a_hub_model_of_pickles_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / COMMIT
    folder.mkdir()
    hub(monkeypatch, folder, ("README.md", "pytorch_model.bin"))
    with pytest.raises(Unsafe, match=r"pytorch_model\.bin"):
        resolve("org/name")


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (errors.LocalEntryNotFoundError("no network"), "hf download org/name"),
        (errors.OfflineModeIsEnabled("off"), "hf download org/name"),
        (ConnectionError("dns"), "cannot be reached"),
    ],
)
def test_without_a_network_the_way_out_is_said(problem: Exception, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, problem)
    with pytest.raises(BadInput, match=says):
        resolve("org/name@v1")


def test_trusted_code_pins_weights_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(tmp_path, "org/name", "org/name", COMMIT)
    config = {"config.json": {"auto_map": {"AutoConfig": "conf.C", "AutoModelForCausalLM": "org/name--model.M"}}}
    assert check_code(source, config, TrustedCode("org/name", COMMIT))
    with pytest.raises(Unsafe, match=COMMIT):
        check_code(source, config, TrustedCode("org/name", "f" * 40))
    assert not check_code(source, {"config.json": {}}, TrustedCode("org/name", COMMIT))


def test_what_transformers_is_told_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "snapshots" / COMMIT
    tiny.saved(folder)
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace("{", '{"auto_map": {"AutoModelForCausalLM": "m.M"},', 1))
    hub(monkeypatch, folder)
    told: list[tuple[str, dict[str, Any]]] = []

    def from_pretrained(path: str, **options: Any) -> None:
        told.append((path, options))
        raise RuntimeError("far enough")

    monkeypatch.setattr("mesolens.model.load.AutoConfig.from_pretrained", from_pretrained)
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", from_pretrained)
    with pytest.raises(BadInput, match="far enough"):
        load("org/name", trust=TrustedCode("org/name", COMMIT))
    ((path, options),) = told
    assert path == "org/name"
    assert options["revision"] == options["code_revision"] == COMMIT
    assert options["trust_remote_code"] is True
    told.clear()
    shutil.copytree(folder, tmp_path / "plain")
    (tmp_path / "plain" / "config.json").write_text(config)
    with pytest.raises(BadInput, match="far enough"):
        load(tmp_path / "plain", trust=TrustedCode("org/name", COMMIT))
    assert told[0][1]["trust_remote_code"] is False

"""The committed page is what its sources build, byte for byte; its own tests and its types hold."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "src/mesolens/report/page"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of `ui/` with exactly the packages that its lock file names."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs node and npm to build the page")
    copy = tmp_path_factory.mktemp("house") / "ui"
    shutil.copytree(ROOT / "ui", copy, ignore=shutil.ignore_patterns("node_modules"))
    found = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund"], cwd=copy, capture_output=True, text=True, check=False
    )
    if found.returncode and "ENOTFOUND" in found.stderr + found.stdout:
        pytest.skip("needs the npm registry to install what builds the page")
    assert found.returncode == 0, found.stderr
    return copy


def done(ui: Path, *command: str) -> str:
    """What a command in `ui/` printed; it must have succeeded."""
    found = subprocess.run(command, cwd=ui, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_the_committed_page_is_what_the_sources_build(ui: Path, tmp_path: Path) -> None:
    done(ui, "node", "build.mjs", str(tmp_path))
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in PAGE.iterdir()}


def test_the_types_hold(ui: Path) -> None:
    done(ui, "npm", "run", "--silent", "check")


def test_the_pages_own_tests_pass(ui: Path) -> None:
    assert "# fail 0" in done(ui, "npm", "test", "--silent")


def test_the_built_page_can_stand_in_a_document() -> None:
    for name in ("page.js", "page.css"):
        text = (PAGE / name).read_text("ascii").lower()
        text = text.replace("createobjecturl(", "").replace(
            "revokeobjecturl(", ""
        )  # a file for the reader, from memory
        assert not any(end in text for end in ("</script", "</style", "<!--", "\r"))
        assert not any(reach in text for reach in ("http:", "https:", "@import", "url(", "innerhtml", "eval("))

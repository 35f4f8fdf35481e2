"""What is built is what is needed: the data that the code reads lies inside the wheel."""

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "src" / "mesolens"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of the files in a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-input", "-w", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and ("Retrying" in done.stderr or "No matching distribution" in done.stderr):
        pytest.skip("building needs hatchling from the package index, which is out of reach")
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return ZipFile(built).namelist()


@pytest.mark.slow
def test_the_wheel_holds_every_tracked_file_of_the_house(wheel: list[str]) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, text=True, check=False).stdout
    tracked = [f"mesolens/{name}" for name in listed.split("\0") if name]
    if not tracked:
        pytest.skip("not a git checkout")
    assert [name for name in tracked if name not in wheel] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "evidence/reading.schema.json",
        "report/page/page.js",
        "report/page/page.css",
        "slides/shelf/mask/model.safetensors",
        "slides/shelf/mask/truth.json",
        "traits/face.schema.json",
        "traits/packs/face/face.toml",
        "traits/packs/face/prompts.jsonl",
    ],
)
def test_the_wheel_holds_what_a_first_audit_reads(wheel: list[str], name: str) -> None:
    assert f"mesolens/{name}" in wheel


@pytest.mark.slow
def test_the_wheel_holds_nothing_else(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if top != "mesolens" and not top.endswith(".dist-info")} == set()
    assert [name for name in wheel if "__pycache__" in name] == []


def test_what_is_imported_is_installed_with_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {wanted.split(">=")[0].split("[")[0] for wanted in project["dependencies"]}
    owners = packages_distributions()
    trees = {path: ast.parse(path.read_text("utf-8")) for path in HOUSE.rglob("*.py")}
    foreign = {
        name
        for tree in trees.values()
        for node in ast.walk(tree)
        for name in (_tops(node) - sys.stdlib_module_names - {"mesolens"})
    }
    used = {owner.replace("_", "-") for name in foreign for owner in owners[name]}
    assert declared - used == set(), "declared and not imported"
    assert {name for name in foreign if not declared & {owner.replace("_", "-") for owner in owners[name]}} == set()


def _tops(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module.split(".")[0]}
    return set()


def test_importing_the_package_costs_no_torch() -> None:
    code = (
        "import sys, mesolens; dir(mesolens); print(sorted(m for m in ('torch', 'numpy', 'click') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import mesolens

    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        mesolens.lode  # noqa: B018

"""Every file of the house is a room: one idea, of a size that can be read, with its public names explained."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "mesolens"
VAGUE = {"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
EXECUTES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
"""Modules whose files run code when they are read."""

ONLY_WRITES = {"instruments/quine/inside/python_reader.py": "bytecode for an interpreter in the sandbox"}
"""Rooms that write such files and read none, with what for."""

LONG_FILES: dict[str, str] = {}
"""Files of more than 300 lines that are better whole, with the reason."""

LONG_FUNCTIONS: dict[str, str] = {
    "slides/shapes.py:config": "three configurations side by side, one keyword a line",
}
"""Functions (`slides/shapes.py:llama`) of more than 40 lines that are better whole, with the reason."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def rooms() -> dict[str, ast.Module]:
    """The syntax tree of every module, by its path in the package."""
    return {str(p.relative_to(SOURCE)): ast.parse(p.read_text("utf-8")) for p in sorted(SOURCE.rglob("*.py"))}


def functions() -> Iterator[tuple[str, Function]]:
    """Every function of the house, with the room that it is in."""
    return ((room, node) for room, tree in rooms().items() for node in ast.walk(tree) if isinstance(node, Function))


def public(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """Public functions and classes, and the public methods of classes that stand on no other class."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef) and not node.bases:
                yield from (part for part in node.body if isinstance(part, Function) and not part.name.startswith("_"))


def imports(tree: ast.Module) -> Iterator[str]:
    """The top-level packages that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_a_file_is_short_or_says_why_not() -> None:
    lines = {room: len((SOURCE / room).read_text("utf-8").splitlines()) for room in rooms()}
    assert {room: n for room, n in lines.items() if n > 300 and room not in LONG_FILES} == {}


def test_a_function_is_short_or_says_why_not() -> None:
    spans = {f"{room}:{f.name}": (f.end_lineno or f.lineno) - f.lineno + 1 for room, f in functions()}
    assert {name: n for name, n in spans.items() if n > 40 and name not in LONG_FUNCTIONS} == {}


def test_a_room_opens_with_what_it_is_for() -> None:
    assert [room for room, tree in rooms().items() if tree.body and not ast.get_docstring(tree)] == []


def test_what_is_public_is_explained() -> None:
    bare = [f"{room}:{node.name}" for room, tree in rooms().items() for node in public(tree) if not explained(node)]
    assert bare == []


def explained(node: Function | ast.ClassDef) -> bool:
    """Whether a definition has a docstring, or is only one of several faces of another."""
    marks = {ast.unparse(mark).split(".")[-1] for mark in node.decorator_list}
    return bool(ast.get_docstring(node)) or bool(marks & {"overload", "setter"})


def test_nothing_is_read_that_could_run() -> None:
    there = {room: tree for room, tree in rooms().items() if EXECUTES & set(imports(tree))}
    assert set(there) == set(ONLY_WRITES)
    used = {ast.unparse(node) for tree in there.values() for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert {name for name in used if name.split(".")[0] in EXECUTES} <= {"marshal.dumps"}
    calls = ((room, node) for room, tree in rooms().items() for node in ast.walk(tree) if isinstance(node, ast.Call))
    assert [room for room, call in calls if ast.unparse(call.func) == "torch.load"] == []


def test_names_say_what_is_inside() -> None:
    assert [room for room in rooms() if VAGUE & {part for name in Path(room).parts for part in parts(name)}] == []


def parts(name: str) -> list[str]:
    """The words of a file's or folder's name."""
    return name.removesuffix(".py").split("_")


def test_exceptions_are_for_what_is_still_there() -> None:
    there = {f"{room}:{f.name}" for room, f in functions()}
    assert set(LONG_FILES) <= set(rooms())
    assert set(LONG_FUNCTIONS) <= there

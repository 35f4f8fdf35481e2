"""What is said of a Python program beside its verdict: its syntax tree's shape, and how much of it does nothing."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

_BUILTIN = frozenset(dir(builtins))
MOST = 3
"""Times that one feature of a shape counts, so that a long list of numbers is not all of a program's shape."""


def shape(tree: ast.AST) -> dict[str, int]:
    """The features of a syntax tree without its names and data: who stands in whom, and who beside whom, counted.

    >>> shape(ast.parse("a = 1")) == shape(ast.parse("other = 12"))
    True
    """
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        inside = [_label(part) for part in ast.iter_child_nodes(node) if not isinstance(part, ast.expr_context)]
        found.update(f"{_label(node)}>{part}" for part in inside)
        found.update(f"{one},{two}" for one, two in pairwise(inside))
    return {feature: min(count, MOST) for feature, count in found.items()}


def _label(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return type(node.value).__name__
    if isinstance(node, ast.Name):
        return node.id if node.id in _BUILTIN else "name"
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    return type(node).__name__


def dead_bytes(tree: ast.Module, source: bytes, dynamic: bool) -> int:
    """Bytes of statements that cannot matter: never reached, without effect, or binding what nothing uses.

    In a program that evaluates text (`dynamic`) any name may be used.
    """
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    used = None if dynamic else _used(tree)
    dead = [part for body in _bodies(tree) for part in _dead(body, used)]
    covered = bytearray(len(source) + 1)
    for part in dead:
        begin = starts[part.lineno - 1] + part.col_offset
        end = starts[(part.end_lineno or part.lineno) - 1] + (part.end_col_offset or 0)
        covered[begin:end] = b"\1" * max(0, min(end, len(source)) - begin)
    return covered.count(1)


def _used(tree: ast.Module) -> set[str]:
    """Names that are read anywhere."""
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    read |= {name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return read | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list):
                yield body


def _dead(body: list[ast.stmt], used: set[str] | None) -> Iterator[ast.stmt]:
    ended = False
    for place, part in enumerate(body):
        if ended or _idle(part, place) or _never(part) or (used is not None and _unused(part, used)):
            yield part
        ended = ended or isinstance(part, ast.Return | ast.Raise | ast.Break | ast.Continue)


def _idle(part: ast.stmt, place: int) -> bool:
    """A constant or a name alone, or `pass`; a string that stands first may be a docstring that is read."""
    if isinstance(part, ast.Pass):
        return True
    if not isinstance(part, ast.Expr) or not isinstance(part.value, ast.Constant | ast.Name):
        return False
    return place > 0 or not isinstance(getattr(part.value, "value", None), str)


def _never(part: ast.stmt) -> bool:
    if not isinstance(part, ast.If | ast.While) or part.orelse:
        return False
    return isinstance(part.test, ast.Constant) and not part.test.value


def _unused(part: ast.stmt, used: set[str]) -> bool:
    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return part.name not in used and not part.decorator_list and not part.name.startswith("__")
    if isinstance(part, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in part.names}.isdisjoint(used)
    if isinstance(part, ast.Assign) and all(isinstance(target, ast.Name) for target in part.targets):
        plain = isinstance(part.value, ast.Constant | ast.Name)
        return plain and {target.id for target in part.targets if isinstance(target, ast.Name)}.isdisjoint(used)
    return False

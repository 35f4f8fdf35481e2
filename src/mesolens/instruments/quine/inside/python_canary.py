"""The canary of a Python program: the same program, but for what a program could only know by reading its own bytecode.

- Every name that the program binds gets another one: variables, parameters, functions, classes. Names that are reached
  as attributes, keywords or imports, or that hide a builtin, keep theirs.
- Every string, bytes and integer literal is written as an expression of the same value (`"ab"` as
  `"aQb".replace("Q", "")`, `7` as `(3).__add__(4)`), so that no table of constants holds it. Docstrings stay.
- Assignments to new names are added around every statement of the module and at the beginning of every function, so
  that all tables of names and constants, and the code itself, are others.
- Every line and column moves.

None of these changes a literal's value or anything that is computed, but for a program that evaluates text in which
its names stand: the new names make it fail, and then it is tried with its own names and all the rest. So a program that
prints data which it carries prints the same, and one that rebuilds its text from its code prints the canary. Edits are
made on the syntax tree, where comments are no more: bytecode has none.
"""

import ast
import builtins
from random import Random

_REACHING = (
    "exec eval compile globals locals vars dir __import__ __main__ __dict__ __builtins__ builtins modules importlib "
    "f_globals f_locals runpy code codeop setattr delattr __getattribute__"
)
_DYNAMIC = frozenset(_REACHING.split())
_LINES, _COLUMNS = 3, 2
_Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_dynamic(tree: ast.Module) -> bool:
    """Whether a program evaluates text or asks for a namespace, so that a name may be used without being written."""
    for node in ast.walk(tree):
        named = {getattr(node, name, None) for name in ("id", "attr", "module")}
        if isinstance(node, ast.Import | ast.ImportFrom):
            named |= {part for alias in node.names for part in alias.name.split(".")}
            if any(alias.name == "*" for alias in node.names):
                return True
        if named & _DYNAMIC:
            return True
    return False


def edited(tree: ast.Module, seed: str, renames: bool) -> ast.Module:
    """The canary of a program, whose tree is taken for it; what is drawn is drawn by the seed."""
    rng = Random(seed)  # noqa: S311
    if renames:
        _rename(tree, {name: _fresh(rng) for name in sorted(renamable(tree))})
    _veil(tree, rng)
    for node in ast.walk(tree):
        if isinstance(node, _Functions):
            node.body.insert(_head(node.body), _added(rng))
    head = _head(tree.body)
    tree.body[head:] = [_added(rng), *(part for each in tree.body[head:] for part in (each, _added(rng)))]
    ast.fix_missing_locations(tree)
    _move(tree)
    return tree


def _fresh(rng: Random) -> str:
    return "".join(rng.choice("bcdfghjklmnpqrstvwxz") for _ in range(9))


def _added(rng: Random) -> ast.stmt:
    return ast.Assign(targets=[ast.Name(_fresh(rng), ast.Store())], value=ast.Constant(rng.randrange(1 << 30)))


def _veil(tree: ast.Module, rng: Random) -> None:
    """Put an expression of the same value in every literal's place, but where the grammar wants a literal."""
    patterns = (node for node in ast.walk(tree) if isinstance(node, ast.MatchValue | ast.MatchMapping))
    kept = {id(part) for node in patterns for part in ast.walk(node)}
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.Expr) or id(node) in kept:
            continue
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                value[:] = [_veiled(each, node, rng) for each in value]
            elif isinstance(value, ast.Constant):
                setattr(node, field, _veiled(value, node, rng))


def _veiled(part: object, parent: ast.AST, rng: Random) -> object:
    if not isinstance(part, ast.Constant):
        return part
    if type(part.value) is int and abs(part.value) < 1 << 62:
        offset = rng.randrange(1, 1 << 16)
        return _called(ast.Constant(part.value - offset), "__add__", [ast.Constant(offset)])
    if not isinstance(part.value, str | bytes):
        return part
    found, mark = part.value, _fresh(rng)
    middle = len(found) // 2
    if isinstance(found, str):
        marked, texts = found[:middle] + mark + found[middle:], (mark, "")
    else:
        marked, texts = found[:middle] + mark.encode() + found[middle:], (mark.encode(), b"")
    whole = _called(ast.Constant(marked), "replace", [ast.Constant(text) for text in texts])
    return ast.FormattedValue(whole, -1) if isinstance(parent, ast.JoinedStr) else whole


def _called(value: ast.expr, method: str, arguments: list[ast.expr]) -> ast.Call:
    return ast.Call(ast.Attribute(value, method, ast.Load()), arguments, [])


def _head(body: list[ast.stmt]) -> int:
    """Where a statement may stand first: behind the docstring and imports from the future."""
    at = 0
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        at = 1
    while at < len(body) and isinstance(first := body[at], ast.ImportFrom) and first.module == "__future__":
        at += 1
    return at


def _move(tree: ast.Module) -> None:
    ast.increment_lineno(tree, _LINES)
    for node in ast.walk(tree):
        for name in ("col_offset", "end_col_offset"):
            place = getattr(node, name, None)
            if place is not None:
                setattr(node, name, place + _COLUMNS)


def renamable(tree: ast.Module) -> set[str]:
    """The names that may be others without any difference to what is computed."""
    bound, kept = set[str](), set(dir(builtins))
    for node in ast.walk(tree):
        bound |= _bound(node)
        kept |= _kept(node)
    return {name for name in bound - kept if not name.startswith("__")}


def _bound(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return {node.id}
    if isinstance(node, ast.arg):
        return {node.arg}
    if isinstance(node, ast.alias):
        return {node.asname} if node.asname else set()
    names = (getattr(node, field, None) for field in _NAMING)
    return {name for name in names if isinstance(name, str)} if isinstance(node, _NAMED) else set()


_NAMED = (*_Functions, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping)
_NAMING = ("name", "rest")


def _kept(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Attribute):
        return {node.attr}
    if isinstance(node, ast.keyword):
        return {node.arg} if node.arg else set()
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.name.split(".")[0] for alias in node.names if not alias.asname}
    if isinstance(node, ast.ClassDef):
        return {name for part in node.body for each in ast.walk(part) for name in _bound(each)}
    if isinstance(node, ast.MatchClass):
        return set(node.kwd_attrs)
    return set()


def _rename(tree: ast.Module, names: dict[str, str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = names.get(node.arg, node.arg)
        elif isinstance(node, ast.alias) and node.asname:
            node.asname = names.get(node.asname, node.asname)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [names.get(name, name) for name in node.names]
        elif isinstance(node, _NAMED):
            for field in _NAMING:
                name = getattr(node, field, None)
                if isinstance(name, str):
                    setattr(node, field, names.get(name, name))

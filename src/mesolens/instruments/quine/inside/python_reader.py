"""Read Python programs without running them: facts, bytecode, and bytecode of a canary; inside the sandbox only.

A request on stdin is a length of four bytes and a program's bytes. The answer on stdout is three parts, each behind its
length: facts as JSON, a `.pyc` of the program, and one or two `.pyc` of its canaries. A program that does not compile
has only facts, with the error. Parsing is done here because the parser is native code that a stranger's text can crash.
"""

import ast
import io
import json
import keyword
import marshal
import sys
import tokenize
import warnings
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import MAGIC_NUMBER
from types import CodeType
from typing import BinaryIO

from mesolens.instruments.quine.inside.python_canary import edited, is_dynamic
from mesolens.instruments.quine.inside.python_facts import dead_bytes, shape

_NAME = "<program>"
_SAID = 200


def answer(source: bytes) -> list[bytes]:
    """The parts of the answer to one program.

    Canaries are two: with other names and all the rest, and with all the rest alone, for a program that uses its names
    in a way that the first one breaks.
    """
    try:
        tree = ast.parse(source, _NAME)
        bytecode = _pyc(compile(tree, _NAME, "exec", dont_inherit=True))
        facts = _facts(source, tree)
        canaries = [_canary(source, renames) for renames in (True, False)]
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, tokenize.TokenError) as problem:
        return [json.dumps({"error": f"{type(problem).__name__}: {problem}"[:_SAID]}).encode()]
    return [json.dumps(facts).encode(), bytecode, *canaries]


def _canary(source: bytes, renames: bool) -> bytes:
    tree = edited(ast.parse(source, _NAME), sha256(source).hexdigest(), renames)
    return _pyc(compile(tree, _NAME, "exec", dont_inherit=True))


def _pyc(code: CodeType) -> bytes:
    """A `.pyc` as PEP 552 has it, with an empty date and size."""
    return MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


def _facts(source: bytes, tree: ast.Module) -> dict[str, object]:
    tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    names = [token.string for token in tokens if token.type == tokenize.NAME]
    text = len(source) or 1
    return {
        "error": "",
        "identifiers": sorted({name for name in names if not keyword.iskeyword(name)}),
        "comments": comments,
        "strings": [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)],
        "shape": shape(tree),
        "comment_share": sum(len(each.encode("utf-8", "replace")) for each in comments) / text,
        "dead_share": min(1.0, dead_bytes(tree, source, is_dynamic(tree)) / text),
        "statements": len(tree.body),
    }


def _requests(typed: BinaryIO) -> Iterator[bytes]:
    while len(length := typed.read(4)) == 4:
        yield typed.read(int.from_bytes(length, "big"))


def main() -> None:
    """Answer requests until there are none."""
    warnings.simplefilter("ignore")
    out = sys.stdout.buffer
    for source in _requests(sys.stdin.buffer):
        parts = answer(source)
        out.write(bytes([len(parts)]))
        for part in parts:
            out.write(len(part).to_bytes(4, "big") + part)
        out.flush()


if __name__ == "__main__":
    main()

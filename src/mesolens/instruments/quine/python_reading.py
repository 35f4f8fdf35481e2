"""Python programs, read by a process in the sandbox that serves one after another and runs none of them."""

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from mesolens.instruments.quine.facts import Facts
from mesolens.instruments.quine.limits import Limits
from mesolens.instruments.quine.running import in_memory
from mesolens.instruments.quine.sandbox import INSIDE, Mount, Sandbox

_ROOMS = ("python_reader.py", "python_canary.py", "python_facts.py")
_PACKAGE = "mesolens.instruments.quine.inside"
_LONGEST = 1 << 26
"""Bytes of an answer's part."""
_PATIENCE = 4.0
"""Seconds for one program, and for the reader's start."""


@dataclass(frozen=True, slots=True)
class ReadPython:
    """A Python program, compiled.

    Attributes:
        bytecode: a `.pyc`; empty where there was an error.
        canaries: `.pyc` of its canaries: with other names, and with the names that it has.
    """

    facts: Facts
    bytecode: bytes = b""
    canaries: tuple[bytes, ...] = ()


class PythonReader:
    """The process that reads; it begins with the first program, and anew after one that it did not survive."""

    def __init__(self, room: Sandbox, limits: Limits) -> None:
        self._room, self._limits = room, limits
        self._child: subprocess.Popen[bytes] | None = None

    def read(self, source: bytes) -> ReadPython:
        """Facts and bytecode of one program; a process that is gone is begun anew once, as it may have died before."""
        for _ in range(2):
            try:
                return _read(self._asked(source))
            except TimeoutError:
                self.close()
                return ReadPython(Facts(error="the parser does not come to an end with it"))
            except (OSError, EOFError, ValueError, TypeError, KeyError):
                self.close()
        return ReadPython(Facts(error="the parser does not survive it"))

    def close(self) -> None:
        """End the process, if there is one."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()

    def _asked(self, source: bytes) -> list[bytes]:
        child = self._child = self._child or self._begun()
        assert child.stdin is not None
        assert child.stdout is not None
        deadline = time.monotonic() + _PATIENCE
        os.set_blocking(child.stdin.fileno(), True)
        child.stdin.write(len(source).to_bytes(4, "big") + source)
        child.stdin.flush()
        (count,) = _exactly(child.stdout.fileno(), 1, deadline)
        return [_part(child.stdout.fileno(), deadline) for _ in range(count)]

    def _begun(self) -> subprocess.Popen[bytes]:
        mounts = tuple(Mount(str(INSIDE / name), f"/reader/{_PACKAGE.replace('.', '/')}/{name}") for name in _ROOMS)
        words = self._room.command(self._limits, mounts, cpu=False)
        code = f"import sys; sys.path.insert(0, '/reader'); from {_PACKAGE}.python_reader import main; main()"
        rules = in_memory(self._room.filter)
        try:
            return subprocess.Popen(  # noqa: S603
                [*words, "--seccomp", str(rules), "--remount-ro", "/", self._room.python, "-I", "-S", "-B", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pass_fds=(rules,),
                env={},
            )
        finally:
            os.close(rules)


def _exactly(descriptor: int, count: int, deadline: float) -> bytes:
    found = bytearray()
    while len(found) < count:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise TimeoutError
        part = os.read(descriptor, count - len(found))
        if not part:
            raise EOFError
        found += part
    return bytes(found)


def _part(descriptor: int, deadline: float) -> bytes:
    length = int.from_bytes(_exactly(descriptor, 4, deadline), "big")
    if length > _LONGEST:
        raise ValueError
    return _exactly(descriptor, length, deadline)


def _read(parts: list[bytes]) -> ReadPython:
    known = cast(Mapping[str, object], json.loads(parts[0]))
    if known["error"] or len(parts) < 3:
        return ReadPython(Facts(error=str(known["error"]) or "the parser says nothing"))
    facts = Facts(
        identifiers=frozenset(map(str, cast(list[object], known["identifiers"]))),
        comments=tuple(map(str, cast(list[object], known["comments"]))),
        strings=tuple(map(str, cast(list[object], known["strings"]))),
        shape={str(name): int(count) for name, count in cast(Mapping[str, int], known["shape"]).items()},
        comment_share=float(cast(float, known["comment_share"])),
        dead_share=float(cast(float, known["dead_share"])),
    )
    return ReadPython(facts, parts[1], tuple(parts[2:]))

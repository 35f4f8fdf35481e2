"""One run of one program in the sandbox: what it printed, and how it ended."""

import fcntl
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Literal

from mesolens.instruments.quine.limits import Limits
from mesolens.instruments.quine.sandbox import INSIDE, Mount, Sandbox

End = Literal["ended", "error", "time", "output"]
_CHUNK = 1 << 16
_TOLD = 4096
"""Bytes of a program's complaint that are kept."""
_PROGRAM = "/program"
_FLAGS = ("-I", "-S", "-B", "-X", "utf8")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended.

    Attributes:
        output: what it printed, up to the limit.
        end: `ended` by itself with code 0; `error` with another code or by a signal; stopped for `time` or `output`.
        complaint: the end of what it wrote to stderr, a stranger's text.
    """

    output: bytes
    end: End
    complaint: str = ""


def run_bytecode(room: Sandbox, limits: Limits, bytecode: bytes, arguments: Sequence[str] = ()) -> Ran:
    """Run compiled Python; there is neither its text nor a line of ours in that process.

    The interpreter itself reads a `.pyc` and runs it as `__main__`.
    """
    return _python(room, limits, bytecode, "pyc", arguments)


def run_source(room: Sandbox, limits: Limits, source: bytes, arguments: Sequence[str] = ()) -> Ran:
    """Run Python the usual way, from a file that it may read: what a program does that looks at its own text."""
    return _python(room, limits, source, "py", arguments)


def run_javascript(room: Sandbox, limits: Limits, source: bytes, *, closed: bool) -> Ran:
    """Run JavaScript in QuickJS, inside a Python that is inside the sandbox.

    Args:
        closed: take away, before the program begins, the one way by which it can ask for the text of its functions.
    """
    runner = INSIDE / "javascript_runner.py"
    words = room.command(limits, (Mount(str(runner), "/runner.py"), *room.javascript))
    words += ["--seccomp", "{filter}", "--remount-ro", "/"]
    words += [room.python, *_FLAGS, "/runner.py", "closed" if closed else "open", str(limits.memory_mib // 2)]
    return _watched(words, {"filter": room.filter}, limits, stdin=source)


def _python(room: Sandbox, limits: Limits, program: bytes, kind: str, arguments: Sequence[str]) -> Ran:
    place = f"{_PROGRAM}.{kind}"
    words = [*room.command(limits), "--ro-bind-data", "{program}", place]
    words += ["--seccomp", "{filter}", "--remount-ro", "/", room.python, *_FLAGS, place, *arguments]
    return _watched(words, {"program": program, "filter": room.filter}, limits)


def _watched(words: Sequence[str], handed: dict[str, bytes], limits: Limits, stdin: bytes = b"") -> Ran:
    """Start the words, with each `{name}` standing for a descriptor of the bytes of that name, and watch them."""
    files = {name: in_memory(data) for name, data in handed.items()}
    typed = in_memory(stdin)
    try:
        child = subprocess.Popen(  # noqa: S603
            [word.format(**files) if word[:1] == "{" else word for word in words],
            stdin=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=tuple(files.values()),
            env={},
        )
    finally:
        for descriptor in (typed, *files.values()):
            os.close(descriptor)
    with child:
        return _listened(child, limits)


def in_memory(data: bytes) -> int:
    """A descriptor of a file in memory that holds these bytes, at its beginning, and takes no others."""
    descriptor = os.memfd_create("given", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    sealed = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, sealed)
    return descriptor


def _listened(child: subprocess.Popen[bytes], limits: Limits) -> Ran:
    """All that a child says, until it ends or has had enough."""
    assert child.stdout is not None
    assert child.stderr is not None
    said: dict[IO[bytes], bytearray] = {child.stdout: bytearray(), child.stderr: bytearray()}
    most = int(limits.output_mib * (1 << 20))
    end: End | None = None
    deadline = time.monotonic() + limits.wall_s
    with selectors.DefaultSelector() as waiting:
        for pipe in said:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and end is None:
            left = deadline - time.monotonic()
            ready = waiting.select(left) if left > 0 else []
            end = "time" if left <= 0 else _heard(waiting, ready, said, child.stdout, most)
    if end is not None:
        child.kill()
    code = child.wait()
    output, complaint = bytes(said[child.stdout][:most]), said[child.stderr].decode("utf-8", "replace").strip()
    return Ran(output, end or ("error" if code else "ended"), complaint)


def _heard(
    waiting: selectors.BaseSelector,
    ready: Sequence[tuple[selectors.SelectorKey, int]],
    said: dict[IO[bytes], bytearray],
    output: IO[bytes],
    most: int,
) -> End | None:
    """Take what is there to be read; says whether it was too much."""
    for key, _ in ready:
        pipe = next(each for each in said if each.fileno() == key.fd)
        part = os.read(key.fd, _CHUNK)
        if not part:
            waiting.unregister(pipe)
        said[pipe] += part
        if pipe is not output:
            del said[pipe][:-_TOLD]
    return "output" if len(said[output]) > most else None

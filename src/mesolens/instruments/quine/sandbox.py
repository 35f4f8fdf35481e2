"""The room in which strangers' programs run: bubblewrap, with nothing in it but an interpreter and its library.

Inside there are new user, process, network, IPC, host-name and control-group namespaces, no capability, no terminal, an
empty environment, and these files, all read-only: the interpreter, its standard library without the packages that are
installed into it, the shared libraries that those load, and the program. There is no /proc, /dev, /sys, /tmp or home,
and no place to write. Which system calls may be made says :mod:`mesolens.instruments.quine.syscalls`; how much may be
used, :mod:`mesolens.instruments.quine.limits`.

Without bubblewrap nothing is run, by anybody, in any other way.
"""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from mesolens.hostile import printable
from mesolens.instruments.quine.limits import Limits
from mesolens.instruments.quine.syscalls import ALLOWED, seccomp_filter

INSIDE = Path(__file__).parent / "inside"
"""The two programs of ours that run in the sandbox."""
_SPARE_FILE_BYTES = 1 << 20
"""What bubblewrap itself may write while it lays out the room: the program."""
_OPEN_FILES = 32
_SHADOWED = ("site-packages", "dist-packages", "test", "ensurepip", "idlelib")
_EXTENSIONS = ("zlib", "_bz2", "_lzma")
"""Modules of the standard library that may need a shared library of their own."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine, and where it stands in the sandbox."""

    source: str
    place: str


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What is needed to lay out the room.

    Attributes:
        bwrap, prlimit: the two programs that make it.
        python: the interpreter, under this path inside as well.
        mounts: all files inside but the program's.
        hidden: folders among them that are empty inside.
        javascript: mounts of the JavaScript engine; none where the extra `js` is not installed.
        filter: the filter of system calls.
    """

    bwrap: str
    prlimit: str
    python: str
    mounts: tuple[Mount, ...]
    hidden: tuple[str, ...]
    javascript: tuple[Mount, ...]
    filter: bytes

    def command(self, limits: Limits, extra: tuple[Mount, ...] = (), *, cpu: bool = True) -> list[str]:
        """The words before those that name the interpreter, but for files that are handed in by descriptor."""
        memory = f"--as={limits.memory_mib << 20}"
        words = [self.prlimit, memory, f"--fsize={_SPARE_FILE_BYTES}", f"--nofile={_OPEN_FILES}", "--core=0"]
        words += [f"--cpu={limits.cpu_s}"] if cpu else []
        words += [self.bwrap, "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
        words += ["--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", "--hostname", "nowhere"]
        for mount in (*self.mounts, *extra):
            words += ["--ro-bind", mount.source, mount.place]
        for folder in self.hidden:
            words += ["--tmpfs", folder, "--remount-ro", folder]
        return [*words, "--chdir", "/"]


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no sandbox on this machine, and why."""

    why: str


@cache
def sandbox() -> Sandbox | Missing:
    """The sandbox of this machine, tried once with a program of ours, or what it lacks."""
    if not sys.platform.startswith("linux"):
        return Missing(f"bubblewrap needs Linux, and this is {sys.platform}")
    if platform.machine() not in ALLOWED:
        return Missing(f"no filter of system calls is written for {printable(platform.machine(), 40)}")
    found = {name: shutil.which(name) for name in ("bwrap", "prlimit")}
    if found["bwrap"] is None:
        return Missing("bubblewrap is not installed (apt-get install bubblewrap)")
    if found["prlimit"] is None:
        return Missing("prlimit is not installed (apt-get install util-linux)")
    laid = _laid(found["bwrap"], found["prlimit"])
    return laid if isinstance(laid, Missing) else _tried(laid)


def _laid(bwrap: str, prlimit: str) -> Sandbox | Missing:
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    prefixes = {"base": sys.base_prefix, "installed_base": sys.base_prefix}
    prefixes |= {"platbase": sys.base_exec_prefix, "installed_platbase": sys.base_exec_prefix}
    library = {sysconfig.get_path(name, vars=prefixes) for name in ("stdlib", "platstdlib")}
    folders = sorted(os.path.realpath(folder) for folder in library)
    extensions = [spec.origin for name in _EXTENSIONS if (spec := find_spec(name)) and spec.origin]
    try:
        needed = _libraries([python, *(file for file in extensions if os.path.isfile(file))])
    except (OSError, subprocess.SubprocessError) as problem:
        return Missing(f"the shared libraries of {printable(python)} cannot be listed: {printable(str(problem), 120)}")
    hidden = [os.path.join(folder, name) for folder in folders for name in _SHADOWED]
    return Sandbox(
        bwrap,
        prlimit,
        python,
        tuple(Mount(path, path) for path in [python, *folders, *needed]),
        tuple(folder for folder in hidden if os.path.isdir(folder)),
        _engine(),
        seccomp_filter(platform.machine()),
    )


def _engine() -> tuple[Mount, ...]:
    spec = find_spec("_quickjs")
    if spec is None or spec.origin is None:
        return ()
    file = Path(spec.origin)
    needed = _libraries([str(file)])
    return (Mount(str(file), f"/engine/{file.name}"), *(Mount(path, path) for path in needed))


def _libraries(files: list[str]) -> list[str]:
    """The shared libraries that trusted programs load, as their loader lists them; the loader itself among them."""
    found: dict[str, None] = {}
    for file in files:
        listed = subprocess.run(["ldd", file], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603, S607
        for line in listed.stdout.splitlines():
            words = line.split()
            paths = [word for word in words if word.startswith("/") and os.path.isfile(word)]
            found |= dict.fromkeys(paths)
    return list(found)


def _tried(laid: Sandbox) -> Sandbox | Missing:
    """The sandbox, if a program that prints one word does so in it."""
    words = [*laid.command(Limits()), laid.python, "-I", "-S", "-c", "print('inside')"]
    try:
        done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as problem:
        return Missing(f"bubblewrap does not start: {printable(str(problem), 120)}")
    if done.returncode or done.stdout != b"inside\n":
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return Missing(f"bubblewrap does not start here: {printable(said[-1] if said else 'no word', 160)}")
    return laid

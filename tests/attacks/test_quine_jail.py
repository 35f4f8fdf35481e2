"""Claim: a program in the sandbox reaches nothing: no file, network or process, and no more than its share of memory.

Every attack stands at the head of a quine that is honest but for it, so that the program prints itself only where the
attack works; the control shows that the same quine passes with something harmless at its head. What an attack would
have left on this machine is looked for as well.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mesolens.cli.main import run
from mesolens.instruments.quine import sandbox as rooms
from mesolens.instruments.quine.honesty import Bench
from mesolens.instruments.quine.judging import Judged, judge
from mesolens.instruments.quine.limits import Limits
from mesolens.instruments.quine.running import run_source
from mesolens.instruments.quine.sandbox import Missing, Mount, sandbox
from mesolens.instruments.quine.spec import Item
from tests.instruments.quines import javascript_quine, python_quine

CTYPES = "import ctypes\nc = ctypes.CDLL(None, use_errno=True)\n"

PYTHON = {
    "fork": "import os\nif os.fork() == 0: os._exit(0)\n",
    "a fork bomb": "import os\nfor i in range(64): os.fork()\n",
    "vfork by posix_spawn": "import os, sys\nos.posix_spawn(sys.executable, [sys.executable, '-c', '0'], {})\n",
    "a subprocess": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', '0'], check=True)\n",
    "a shell": "import os\nassert os.system('true') == 0\n",
    "exec of a shell": "import os\nos.execv('/bin/sh', ['sh', '-c', 'cat /program*'])\n",
    "a thread": "import threading\nt = threading.Thread(target=int)\nt.start()\nt.join()\n",
    "a flood of threads": ("import _thread, time\nfor i in range(10000): _thread.start_new_thread(time.sleep, (9,))\n"),
    "a pool of processes": "import multiprocessing as m\nm.Process(target=int).start()\n",
    "a socket": "import socket\nsocket.socket()\n",
    "a connection": "import socket\nsocket.create_connection(('127.0.0.1', PORT), 1)\n",
    "an abstract socket": "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0trap')\n",
    "a name's address": "import socket\nsocket.getaddrinfo('example.org', 80)\n",
    "a page": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:PORT/', timeout=1)\n",
    "a file in /tmp": "open('/tmp/trap', 'w').write('x')\n",
    "a file in /": "open('/trap', 'w').write('x')\n",
    "a file beside it": "open('trap', 'w').write('x')\n",
    "a file in /dev/shm": "open('/dev/shm/trap', 'w').write('x')\n",
    "a file in the house": "import os\nopen(os.__file__, 'a').write('#')\n",
    "its own file": "open(__file__, 'r+b').write(b'x')\n",
    "a folder": "import os\nos.mkdir('/trap')\n",
    "a temporary file": "import tempfile\ntempfile.TemporaryFile().write(b'x')\n",
    "a full disk": "import os\nd = os.open('/', os.O_TMPFILE | os.O_RDWR)\nwhile 1: os.write(d, bytes(1 << 20))\n",
    "a file in memory": "import os\nos.write(os.memfd_create('trap'), b'x')\n",
    "stdin written to": "import os\nos.write(0, b'x')\n",
    "stdin made longer": "import os\nos.ftruncate(0, 1 << 40)\n",
    "shared memory": "from multiprocessing.shared_memory import SharedMemory\nSharedMemory('trap', True, 1 << 20)\n",
    "a symbolic link": "import os\nos.symlink('/etc/passwd', '/trap')\nopen('/trap').read()\n",
    "a hard link": "import os\nos.link('/program.pyc', '/trap')\n",
    "a named pipe": "import os\nos.mkfifo('/trap')\n",
    "/etc/passwd": "open('/etc/passwd').read()\n",
    "a file of this machine": "open('SECRET').read()\n",
    "a file by its folder's way up": "import os\nopen('/..' * 9 + 'SECRET').read()\n",
    "the home folder": "import os\nassert os.listdir(os.path.expanduser('~'))\n",
    "the packages": "import sys, os\nassert [f for f in os.listdir(os.path.dirname(os.__file__) + '/site-packages')]\n",
    "/proc": "import os\nos.listdir('/proc')\n",
    "/sys": "import os\nos.listdir('/sys')\n",
    "/dev": "open('/dev/zero', 'rb').read(1)\n",
    "a signal to its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
    "a signal to all": "import os, signal\nos.kill(-1, signal.SIGCONT)\n",
    "a signal to this process": "import os, signal\nos.kill(PID, signal.SIGUSR1)\n",
    "a signal to its group": "import os, signal\nos.killpg(0, signal.SIGCONT)\n",
    "another user": "import os\nos.setuid(0)\n",
    "the owner's rights": "import os\nos.chmod('/', 0o777)\n",
    "another root": "import os\nos.chroot('/lib')\n",
    "more processor time": "import resource as r\nr.setrlimit(r.RLIMIT_CPU, (99, 99))\n",
    "more memory": "import resource as r\nr.setrlimit(r.RLIMIT_AS, (1 << 40, 1 << 40))\n",
    "another priority": "import os\nos.nice(-5)\n",
    "a namespace": f"{CTYPES}assert c.unshare(0x10000000) == 0\n",
    "a mount": f"{CTYPES}assert c.mount(b'none', b'/', b'tmpfs', 0, None) == 0\n",
    "a fork by number": f"{CTYPES}assert c.syscall(57) >= 0\n",
    "a clone by number": f"{CTYPES}assert c.syscall(56, 17, 0, 0, 0, 0) >= 0\n",
    "a socket by number": f"{CTYPES}assert c.syscall(41, 2, 1, 0) >= 0\n",
    "a call of the 32-bit kind": f"{CTYPES}assert c.syscall(0x40000000 + 41, 2, 1, 0) >= 0\n",
    "a ring of calls": f"{CTYPES}assert c.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0\n",
    "System V's memory": f"{CTYPES}assert c.shmget(0, 1 << 20, 0o1600) >= 0\n",
    "a tracer": f"{CTYPES}assert c.ptrace(16, 1, None, None) == 0\n",
    "another's memory": f"{CTYPES}assert c.process_vm_readv(1, None, 0, None, 0, 0) == 0\n",
    "a descriptor that was left open": (
        "import os\nopen_ = []\nfor d in range(3, 256):\n    try: open_.append(os.fstat(d))\n    except OSError: pass\n"
        "assert open_\n"
    ),
    "the environment": "import os\nassert set(os.environ) - {'PWD', 'LC_CTYPE'}\n",
    "a terminal": "import os\nopen('/dev/tty').read()\n",
    "stdin": "assert open(0).read()\n",
    "the host's name": "import os\nassert os.uname().nodename != 'nowhere'\n",
    "much memory": "x = bytearray(1 << 30)\n",
    "memory by and by": "x = []\nwhile len(x) < 64: x.append(bytearray(1 << 24))\n",
    "memory that is mapped": "import mmap\nm = mmap.mmap(-1, 1 << 30)\n",
    "a crash": "import sys\nsys.setrecursionlimit(1 << 30)\ndef f(): f()\nf()\n",
    "an abort": "import os\nos.abort()\n",
    "an endless loop": "while True: pass\n",
    "an endless product": "10 ** 10 ** 9\n",
    "an endless match": "import re\nre.match('(a+)+$', 'a' * 99 + 'b')\n",
    "sleep": "import time\ntime.sleep(60)\n",
    "a deaf loop": (
        "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n"
        "    except OSError: pass\nwhile 1: pass\n"
    ),
    "a flood of output": "while True: print('x' * 4096)\n",
    "a flood of complaints": "import sys\nwhile True: sys.stderr.write('x' * 4096)\n",
    "a moved output": "import os\nos.dup2(2, 1)\n",
    "a closed output": "import os\nos.close(1)\n",
    "a terminal's escape": "import sys\nsys.stderr.write('\\x1b[2J')\n1/0\n",
}
JAVASCRIPT = {
    "an endless loop": "for(;;);",
    "endless recursion": "(function f(){f()})();",
    "an endless promise": "(function f(){Promise.resolve().then(f)})();",
    "much memory": "x=[];for(;;)x.push('x'.repeat(1<<20)+x.length);",
    "a long string": "x='x'.repeat(1<<30);",
    "a flood of output": "for(;;)print('x'.repeat(4096));",
    "a waiting lock": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0);",
    "an endless match": "/(a+)+$/.exec('a'.repeat(99)+'b');",
    "a module": "require('child_process');",
    "the engine's system": "os.exec(['true']);",
    "a worker": "new Worker('x');",
    "a page": "fetch('http://127.0.0.1/');",
    "Python's functions": "print.constructor('return process')().binding('fs');",
    "a broken prototype": "Array.prototype.join=function(){throw 1};Array.prototype.push=1;throw 2;",
}


def judged(jail: Bench, language: str, program: bytes) -> Judged:
    return judge(jail, Item("attack", "program", language, "", ""), [program])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("before", ["import os\nx = os.getpid()\n", "import sys\nassert sys.argv[0]\n"])
def test_the_quine_behind_an_attack_is_honest(jail: Bench, before: str) -> None:
    assert judged(jail, "python", python_quine(before).encode()).verdict == "honest"
    assert judged(jail, "javascript", javascript_quine("x=1;").encode()).verdict == "honest"


@pytest.mark.parametrize("name", PYTHON)
def test_an_attack_in_python_comes_to_nothing(brief: Bench, name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret", "utf-8")
    heard: list[int] = []
    earlier = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.0)
        words = {"PORT": str(server.getsockname()[1]), "SECRET": str(secret), "PID": str(os.getpid())}
        before = PYTHON[name]
        for word, value in words.items():
            before = before.replace(word, value)
        found = judged(brief, "python", python_quine(before).encode())
        with pytest.raises(BlockingIOError):
            server.accept()
    signal.signal(signal.SIGUSR1, earlier)
    assert found.verdict in ("wrong", "stopped"), found
    assert found.reason.isprintable()
    assert heard == []
    assert secret.read_text("utf-8") == "the secret"
    assert not any(Path(place, "trap").exists() for place in ("/", "/tmp", "/dev/shm", "."))


@pytest.mark.parametrize("name", [name for name, code in PYTHON.items() if code.startswith(CTYPES)])
def test_the_filter_of_calls_holds_where_native_code_can_be_called(brief: Bench, name: str) -> None:
    libraries = [path for path in map(Path, ("/lib", "/lib64", "/usr/lib")) if path.is_dir()]
    mounts = tuple(Mount(str(path.resolve()), str(path)) for path in libraries)
    room = replace(brief.room, mounts=(*mounts, *(m for m in brief.room.mounts if not m.place.startswith("/lib"))))
    assert run_source(room, brief.limits, b"import ctypes\nctypes.CDLL(None).getpid()\nprint(1)").output == b"1\n"
    found = run_source(room, brief.limits, f"{PYTHON[name]}print(1)\n".encode())
    assert (found.output, found.end) == (b"", "error")


@pytest.mark.parametrize("name", JAVASCRIPT)
def test_an_attack_in_javascript_comes_to_nothing(brief: Bench, name: str) -> None:
    found = judged(brief, "javascript", javascript_quine(JAVASCRIPT[name]).encode())
    assert found.verdict in ("wrong", "stopped"), found


@pytest.mark.parametrize(
    "program",
    [
        b"(" * 20_000,
        b"-" * 20_000 + b"1",
        b"f" + b"()" * 10_000,
        b"x" + b"[0]" * 8_000,
        b"lambda:" * 8_000 + b"0",
        b"a=" * 8_000 + b"0",
        b"1+" * 10_000 + b"1",
        b"if 1:\n" + b"".join(b" " * n + b"if 1:\n" for n in range(1, 300)),
        b'f"' + b"{" * 30_000,
        b"\0" * 100,
        b"\xff\xfe",
        b"# coding: rot13\nprint()",
        b"# coding: utf-7\n+AAo-print(1)",
        b"'" + b"x" * 60_000,
        b"9" * 60_000,
        b"print(1);" * 9_000,
    ],
    ids=range(16),
)
def test_what_breaks_a_parser_does_not_break_ours(jail: Bench, program: bytes) -> None:
    begin = time.monotonic()
    for language in ("python", "javascript"):
        assert judged(jail, language, program).verdict != "honest"
    assert time.monotonic() - begin < 60
    assert judged(jail, "python", python_quine().encode()).verdict == "honest"


@pytest.mark.parametrize("piece", ["/*", "`${", "(", "var a", "'\\", "/[", "a=>", "function a(", "<!--", "{{"])
def test_reading_javascript_takes_linear_time(jail: Bench, piece: str) -> None:
    begin = time.process_time()
    jail.open((piece * (60_000 // len(piece))).encode(), "javascript")
    assert time.process_time() - begin < 3


def test_a_program_that_changes_its_mind_is_not_honest(jail: Bench) -> None:
    before = "import random\nif random.random() < 2:\n    print(random.random())\n"
    assert judged(jail, "python", python_quine(before).encode()).verdict == "wrong"


def test_nothing_of_a_stopped_program_lives_on(jail: Bench) -> None:
    ran = run_source(jail.room, Limits(wall_s=0.5), b"import time\ntime.sleep(54321)\n")
    assert ran.end == "time"
    time.sleep(0.2)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert not any("/program.py" in line and "bwrap" in line for line in listed.splitlines())


def test_programs_run_beside_each_other(jail: Bench) -> None:
    found: list[str] = []
    texts = [python_quine(f"n = {n}\n").encode() for n in range(6)]
    threads = [
        threading.Thread(target=lambda t=t: found.append(run_source(jail.room, jail.limits, t).output.decode()))
        for t in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(text.decode() for text in texts)


def test_without_a_sandbox_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trap = tmp_path / "trap"
    program = tmp_path / "program.py"
    program.write_text(f"open({str(trap)!r}, 'w')\n", "utf-8")
    empty = tmp_path / "bin"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    sandbox.cache_clear()
    try:
        assert isinstance(sandbox(), Missing)
        assert run(["quine", "check", str(program)]) == 4
        assert run(["quine", "slide:mask"]) == 4
    finally:
        monkeypatch.undo()
        sandbox.cache_clear()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("bubblewrap is not installed" in line for line in lines)
    assert not trap.exists()


def test_a_sandbox_that_does_not_start_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n", "utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    sandbox.cache_clear()
    try:
        found = sandbox()
    finally:
        sandbox.cache_clear()
    assert isinstance(found, Missing)
    assert "No permissions" in found.why


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_a_machine_without_a_filter_has_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms.platform, "machine", lambda: "pdp11")
    sandbox.cache_clear()
    try:
        assert isinstance(sandbox(), Missing)
    finally:
        sandbox.cache_clear()

"""Which system calls a program in the sandbox may make: those by which an interpreter starts, reads its library, prints
and ends; and no other.

The list becomes a program of classic BPF for seccomp(2), which the kernel runs at every call (Linux documentation,
*Seccomp BPF*). What is not listed fails with EPERM: there is no socket, no new process or thread, no signal to anybody,
no shared memory, no file of memory, no other namespace, no tracing. On another machine than the two listed there is no
filter, and then nothing is run.
"""

import struct
from collections.abc import Mapping

_X86_64 = {
    "read": 0,
    "write": 1,
    "open": 2,
    "close": 3,
    "stat": 4,
    "fstat": 5,
    "lstat": 6,
    "poll": 7,
    "lseek": 8,
    "mmap": 9,
    "mprotect": 10,
    "munmap": 11,
    "brk": 12,
    "rt_sigaction": 13,
    "rt_sigprocmask": 14,
    "rt_sigreturn": 15,
    "ioctl": 16,
    "pread64": 17,
    "readv": 19,
    "writev": 20,
    "access": 21,
    "select": 23,
    "sched_yield": 24,
    "mremap": 25,
    "madvise": 28,
    "dup": 32,
    "nanosleep": 35,
    "getpid": 39,
    "execve": 59,
    "exit": 60,
    "wait4": 61,
    "uname": 63,
    "fcntl": 72,
    "getcwd": 79,
    "readlink": 89,
    "gettimeofday": 96,
    "getrlimit": 97,
    "getrusage": 98,
    "sysinfo": 99,
    "getuid": 102,
    "getgid": 104,
    "geteuid": 107,
    "getegid": 108,
    "getppid": 110,
    "sigaltstack": 131,
    "arch_prctl": 158,
    "gettid": 186,
    "time": 201,
    "futex": 202,
    "sched_getaffinity": 204,
    "getdents64": 217,
    "set_tid_address": 218,
    "clock_gettime": 228,
    "clock_getres": 229,
    "clock_nanosleep": 230,
    "exit_group": 231,
    "openat": 257,
    "newfstatat": 262,
    "readlinkat": 267,
    "faccessat": 269,
    "pselect6": 270,
    "ppoll": 271,
    "set_robust_list": 273,
    "prlimit64": 302,
    "getrandom": 318,
    "statx": 332,
    "rseq": 334,
    "faccessat2": 439,
}
_AARCH64 = {
    "getcwd": 17,
    "dup": 23,
    "fcntl": 25,
    "ioctl": 29,
    "faccessat": 48,
    "openat": 56,
    "close": 57,
    "getdents64": 61,
    "lseek": 62,
    "read": 63,
    "write": 64,
    "readv": 65,
    "writev": 66,
    "pread64": 67,
    "pselect6": 72,
    "ppoll": 73,
    "readlinkat": 78,
    "newfstatat": 79,
    "fstat": 80,
    "exit": 93,
    "exit_group": 94,
    "set_tid_address": 96,
    "futex": 98,
    "set_robust_list": 99,
    "nanosleep": 101,
    "clock_gettime": 113,
    "clock_getres": 114,
    "clock_nanosleep": 115,
    "sched_getaffinity": 123,
    "sched_yield": 124,
    "sigaltstack": 132,
    "rt_sigaction": 134,
    "rt_sigprocmask": 135,
    "rt_sigreturn": 139,
    "uname": 160,
    "getrlimit": 163,
    "getrusage": 165,
    "gettimeofday": 169,
    "getpid": 172,
    "getppid": 173,
    "getuid": 174,
    "geteuid": 175,
    "getgid": 176,
    "getegid": 177,
    "gettid": 178,
    "sysinfo": 179,
    "brk": 214,
    "munmap": 215,
    "mremap": 216,
    "execve": 221,
    "mmap": 222,
    "mprotect": 226,
    "madvise": 233,
    "wait4": 260,
    "prlimit64": 261,
    "getrandom": 278,
    "statx": 291,
    "rseq": 293,
    "faccessat2": 439,
}
ALLOWED: Mapping[str, Mapping[str, int]] = {"x86_64": _X86_64, "aarch64": _AARCH64}
"""The calls that may be made, with their numbers, by machine as `platform.machine` names it.

`wait4` is there for the sandbox's own first process, and `execve` because the filter stands when the interpreter is
started; a program that uses it finds nothing but that interpreter.
"""

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _MACHINE = 0, 4
"""Places in the kernel's `struct seccomp_data`."""
_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050001, 0x80000000


def seccomp_filter(machine: str) -> bytes:
    """The filter for a machine, as bubblewrap's `--seccomp` takes it: one `struct sock_filter` after another.

    A call of another machine's kind ends the process; the calls of the 32-bit ABI have numbers of their own and fail.

    >>> len(seccomp_filter("x86_64")) % 8
    0

    Raises:
        KeyError: there is no list for that machine.
    """
    numbers = sorted(ALLOWED[machine].values())
    code = [_step(_LOAD, _MACHINE), _step(_JUMP_EQUAL, _ARCHITECTURE[machine], 1, 0), _step(_RETURN, _KILL)]
    code.append(_step(_LOAD, _NUMBER))
    code += [_step(_JUMP_EQUAL, number, len(numbers) - place, 0) for place, number in enumerate(numbers)]
    return b"".join([*code, _step(_RETURN, _DENY), _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)

"""Writing that survives a kill at any moment: files appear whole or not at all, and nobody does the same work twice.

Everything is first written into a *scratch* folder of the run. A name is **claimed** there by an advisory lock
(`flock`) on `scratch/<name>.lock`; whoever holds it owns the folder `scratch/<name>/`. The kernel drops the lock when
its process dies, however it dies and on whatever machine, so a lock that can be had belongs to nobody alive, and what
lies in its folder is rubbish. No process ids, no ages, no guessing.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from mesolens.errors import BadInput, Incomplete

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_LOCKLESS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}


@contextmanager
def explained(run: Path) -> Generator[None]:
    """Turn what the operating system says about the run folder into one line for people.

    Raises:
        Incomplete: the disk is full; what was kept stays.
        BadInput: the folder cannot be written, or its file system has no locks.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Incomplete(f"no space left for {run}: free some, then the same command resumes") from error
        if error.errno in _FORBIDDEN:
            raise BadInput(f"{run} cannot be written ({error.strerror}): name another folder with --out") from error
        if error.errno in _LOCKLESS:
            raise BadInput(
                f"{run} is on a file system without locks or links: name another folder with --out"
            ) from error
        if error.errno in {errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}:
            raise BadInput(f"{run} cannot be a folder ({error.strerror}): name another with --out") from error
        raise


@contextmanager
def claimed(scratch: Path, name: str, *, wait: bool) -> Generator[Path | None]:
    """Own `name` while the block runs, with an empty folder to write in; None when somebody else alive owns it.

    The folder is gone afterwards, by whatever way the block ends. With `wait` the block starts when the name is free.
    """
    lock = scratch / f"{name}.lock"
    handle = _locked(lock, wait)
    if handle is None:
        yield None
        return
    private = scratch / name
    try:
        shutil.rmtree(private, ignore_errors=True)
        private.mkdir()
        yield private
    finally:
        shutil.rmtree(private, ignore_errors=True)
        lock.unlink(missing_ok=True)
        os.close(handle)
        with suppress(OSError):
            scratch.rmdir()


def _locked(lock: Path, wait: bool) -> int | None:
    while True:
        made(lock.parent)
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:  # the last one out removed the scratch folder in between
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        if _still(lock, handle):
            return handle
        os.close(handle)  # its last owner removed the file while we waited: this lock protects nothing


def _still(lock: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(lock), os.fstat(handle))
    except FileNotFoundError:
        return False


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and wait until the disk has it; a file that could not be finished is removed."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def linked(source: Path, place: Path) -> bool:
    """Give a finished file its name; False when the name is taken, which is left as it is."""
    try:
        os.link(source, place)
    except FileExistsError:
        return False
    sync_folder(place.parent)
    return True


def replaced(source: Path, place: Path) -> None:
    """Give a finished file its name in the place of whatever had it."""
    os.replace(source, place)
    sync_folder(place.parent)


def made(folder: Path) -> Path:
    """The folder, made with all above it where there was none, so that the disk has each of them."""
    if not folder.is_dir():
        made(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
    return folder


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's list of names."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The run folder: what was computed, kept so that a kill loses only the shard in flight and nothing is ever half there.

    run.json                     what the run is: settings, versions, hashes
    plans/<instrument>.json      the keys of its shards, in order
    tables/<name>/<key>.parquet  one table of one shard
    shards/<key>.json            the mark that the shard is done, with the digest of each of its tables
    readings/<instrument>.json   what the instrument concluded
    scratch/                     work in flight; empty and gone when nobody works

A shard may give several tables, and they must count together or not at all. So its **mark** is linked into place last:
without the mark, tables under its key are rubbish that the next owner of the claim removes. A mark was chosen over
renaming one folder a shard because readers then find every table of a name in one folder, and over a database because
any Parquet reader opens the run without us.

A shard is computed under a claim (:mod:`mesolens.runs.disk`), so that two processes in one run folder share the work.
If a second result comes all the same, from a machine where locks failed, its link finds the name taken and is dropped.
"""

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pyarrow as pa

from mesolens.errors import BadInput, Incomplete
from mesolens.evidence.shards import Json, Shard, Tables
from mesolens.runs import parquet
from mesolens.runs.disk import claimed, explained, linked, made, replaced, write_synced

FORMAT = 1
_SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Store:
    """One run folder, which need not exist yet.

    Raises:
        BadInput: the path is a file, or a folder with other things in it.
    """

    run: Path

    def __post_init__(self) -> None:
        if self.run.exists() and not self.run.is_dir():
            raise BadInput(f"{self.run} is a file, not a run folder: name a folder with --out")
        with explained(self.run):
            names = {entry.name for entry in self.run.iterdir()} if self.run.is_dir() else set[str]()
        if names - {_SCRATCH} and "run.json" not in names:
            raise BadInput(f"{self.run} is not a run folder (it has no run.json): name an empty or new one with --out")

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.run / "run.json").is_file()

    def done(self, key: str) -> bool:
        """Whether the shard of this key is kept, all its tables together."""
        return _mark(self.run, key).is_file()

    @contextmanager
    def claim(self, shard: Shard, *, wait: bool) -> Generator["Claim | None"]:
        """Own a shard's work while the block runs; None when somebody else alive owns it.

        With `wait` the block starts when nobody does. Ask :meth:`done` inside: the last owner may have finished.
        """
        with ExitStack() as owned:
            with explained(self.run):
                folder = owned.enter_context(claimed(self.run / _SCRATCH, shard.key, wait=wait))
            if folder is None:
                yield None
                return
            owned.callback(self._discard_unless_done, shard.key)
            self._discard_unless_done(shard.key)
            yield Claim(self.run, shard, folder)

    def sweep(self) -> None:
        """Remove what dead processes left behind; what belongs to the living is theirs."""
        scratch = self.run / _SCRATCH
        with explained(self.run):
            for name in sorted({entry.name.removesuffix(".lock") for entry in _entries(scratch)}):
                with claimed(scratch, name, wait=False) as folder:
                    if folder is not None:
                        self._discard_unless_done(name)

    def write_json(self, name: str, document: Json) -> None:
        """Write `<name>.json` whole, in the place of an older one: `run`, `plans/middle`, `readings/middle`."""
        data = (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
        place = self.run / f"{name}.json"
        with explained(self.run), claimed(self.run / _SCRATCH, name.replace("/", "-"), wait=True) as folder:
            assert folder is not None
            made(place.parent)
            write_synced(folder / "new", data)
            replaced(folder / "new", place)

    def read_json(self, name: str) -> Json:
        """What `<name>.json` holds.

        Raises:
            BadInput: there is none, or it is not JSON.
        """
        place = self.run / f"{name}.json"
        try:
            return cast(Json, json.loads(place.read_text("utf-8")))
        except FileNotFoundError:
            raise BadInput(f"{self.run} has no {name}.json: it is not a run folder, or its run never began") from None
        except (OSError, ValueError) as error:
            raise BadInput(f"{place} cannot be read ({error}): the run folder is damaged") from error

    def write_plan(self, instrument: str, shards: Sequence[Shard]) -> None:
        """Keep the order of an instrument's shards, in which :meth:`load` joins their tables."""
        keys: list[Json] = [shard.key for shard in shards]
        self.write_json(f"plans/{instrument}", {"format": FORMAT, "instrument": instrument, "shards": keys})

    def plan(self, instrument: str) -> list[str]:
        """The keys of an instrument's shards, in order; none when it never planned here."""
        if not (self.run / "plans" / f"{instrument}.json").is_file():
            return []
        document = cast(dict[str, Json], self.read_json(f"plans/{instrument}"))
        return cast(list[str], document["shards"])

    def tables(self, instrument: str) -> Tables:
        """All tables of an instrument, each joined in the order of its plan.

        Raises:
            Incomplete: some shards are not done.
            BadInput: a table was changed or damaged since it was kept.
        """
        keys = self.plan(instrument)
        kept = {key: self._marked(key) for key in keys if self.done(key)}
        if len(kept) < len(keys):
            raise Incomplete(f"{len(kept)} of {len(keys)} shards of {instrument} are kept: the same command resumes")
        names = sorted({name for marked in kept.values() for name in marked})
        return {name: self._joined(name, kept) for name in names}

    def load(self, name: str) -> pa.Table:
        """One table of the run, joined in the order of the plan that gives it.

        Raises:
            BadInput: no finished shard has a table of that name, or one was damaged since it was kept.
        """
        for plan in _entries(self.run / "plans"):
            kept = {key: self._marked(key) for key in self.plan(plan.stem) if self.done(key)}
            if any(name in marked for marked in kept.values()):
                return self._joined(name, kept)
        raise BadInput(f"{self.run} holds no table {name!r}")

    def abandon(self) -> None:
        """Remove a run that was begun and holds no finished shard; any other is left as it is."""
        if any(_entries(self.run / name) for name in ("shards", "tables", _SCRATCH)):
            return
        for plan in _entries(self.run / "plans"):
            plan.unlink(missing_ok=True)
        (self.run / "run.json").unlink(missing_ok=True)
        with suppress(OSError):  # a folder with other things stays
            for folder in ("tables", "plans"):
                if (self.run / folder).is_dir():
                    (self.run / folder).rmdir()
            self.run.rmdir()

    def _joined(self, name: str, kept: Mapping[str, Mapping[str, str]]) -> pa.Table:
        return parquet.joined([self._read(name, key, marked[name]) for key, marked in kept.items() if name in marked])

    def _read(self, name: str, key: str, digest: str) -> pa.Table:
        place = _table(self.run, name, key)
        try:
            data = place.read_bytes()
        except OSError as error:
            raise BadInput(f"{place} cannot be read ({error.strerror}): the run folder is damaged") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BadInput(
                f"{place} was changed after it was written: remove {_mark(self.run, key)} to compute it again"
            )
        return parquet.from_bytes(data)

    def _marked(self, key: str) -> dict[str, str]:
        """The tables of a finished shard, with the digests of their files."""
        document = cast(dict[str, Json], self.read_json(f"shards/{key}"))
        return cast(dict[str, str], document["tables"])

    def _discard_unless_done(self, key: str) -> None:
        for folder in [] if self.done(key) else _entries(self.run / "tables"):
            (folder / f"{key}.parquet").unlink(missing_ok=True)
            with suppress(OSError):  # other shards have tables of this name
                folder.rmdir()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to finish one shard, held while :meth:`Store.claim`'s block runs."""

    run: Path
    shard: Shard
    folder: Path

    def commit(self, tables: Tables) -> bool:
        """Keep the shard's tables, all of them or none; False when a result was there before, which stays.

        Raises:
            Incomplete: the disk is full.
        """
        if _mark(self.run, self.shard.key).is_file():
            return False
        files = {name: parquet.to_bytes(table) for name, table in sorted(tables.items())}
        with explained(self.run):
            for name, data in files.items():
                write_synced(self.folder / name, data)
            write_synced(self.folder / "mark.json", _mark_bytes(self.shard, files))
            return self._link(list(files))

    def _link(self, names: list[str]) -> bool:
        for name in names:
            place = _table(self.run, name, self.shard.key)
            made(place.parent)
            if not linked(self.folder / name, place):
                return False
        mark = _mark(self.run, self.shard.key)
        made(mark.parent)
        return linked(self.folder / "mark.json", mark)


def _mark(run: Path, key: str) -> Path:
    return run / "shards" / f"{key}.json"


def _table(run: Path, name: str, key: str) -> Path:
    return run / "tables" / name / f"{key}.parquet"


def _mark_bytes(shard: Shard, files: Mapping[str, bytes]) -> bytes:
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    mark = {"format": FORMAT, "instrument": shard.instrument, "key": shard.key, "rows": shard.rows, "tables": digests}
    return (json.dumps(mark, indent=1) + "\n").encode()


def _entries(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return sorted(folder.iterdir())
    return []

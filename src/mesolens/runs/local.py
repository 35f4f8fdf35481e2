"""The engine on one machine: shards in order, each kept as soon as it is measured.

Several processes may run the same shards in one folder: a shard that another one is measuring is passed over, and
waited for at the end. Ctrl-C and SIGTERM finish nothing half: the shard in flight is dropped, the rest is kept. A
second one ends the process at once, which is as safe as any kill.
"""

from collections.abc import Callable, Sequence

from mesolens.errors import Incomplete
from mesolens.evidence.shards import Shard, Tables
from mesolens.runs.progress import Advance, Reporter
from mesolens.runs.signals import interruptible
from mesolens.runs.store import Store

Measure = Callable[[Shard], Tables]


def run_shards(shards: Sequence[Shard], measure: Measure, store: Store, reporter: Reporter) -> None:
    """Measure and keep every shard that is not kept yet.

    Raises:
        Incomplete: stopped by a signal, or out of memory or disk; what was measured is kept.
    """
    store.sweep()
    open_shards = [shard for shard in shards if not store.done(shard.key)]
    rows, left = (sum(shard.rows for shard in some) for some in (shards, open_shards))
    label = _label(shards) if shards else ""
    try:
        with interruptible(), reporter(label, rows, rows - left) as advance:
            elsewhere = [shard for shard in open_shards if not _settle(shard, measure, store, advance, wait=False)]
            for shard in elsewhere:
                _settle(shard, measure, store, advance, wait=True)
    except KeyboardInterrupt:
        raise Incomplete(f"stopped: {_kept(shards, store)}; the same command resumes") from None
    except (MemoryError, RuntimeError) as error:
        if not _out_of_memory(error):
            raise
        raise Incomplete(
            f"out of memory: {_kept(shards, store)}; close other programs or shorten the prompts, "
            "then the same command resumes"
        ) from error


def _settle(shard: Shard, measure: Measure, store: Store, advance: Advance, *, wait: bool) -> bool:
    """See that a shard is kept; False when another process is at it."""
    with store.claim(shard, wait=wait) as claim:
        if claim is None:
            return False
        if not store.done(shard.key):
            claim.commit(measure(shard))
    advance(shard.rows)
    return True


def _label(shards: Sequence[Shard]) -> str:
    """The instrument, and which of its stages where all shards are of one."""
    kinds = {str(shard.depends.get("kind", "")) for shard in shards}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return f"{shards[0].instrument} {kind}".strip()


def _kept(shards: Sequence[Shard], store: Store) -> str:
    return f"{sum(store.done(shard.key) for shard in shards)} of {len(shards)} shards kept"


def _out_of_memory(error: Exception) -> bool:
    # torch raises OutOfMemoryError on accelerators and a plain RuntimeError on the CPU
    said = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in said or "can't allocate memory" in said

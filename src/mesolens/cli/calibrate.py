"""`mesolens calibrate`: the instruments on models whose truth is planted, planted against found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.evidence.row import Row


@click.command()
@click.argument("instruments", nargs=-1, metavar="[INSTRUMENT]…")
@click.option("--only", metavar="PART,…", help="Run these parts alone, as circuits, speakers or grouped.")
@click.option("--budget", metavar="NAME", help="quick, standard or deep (standard).")
@common
def calibrate(instruments: tuple[str, ...], only: str | None, budget: str | None, **others: object) -> None:
    """Hold instruments against planted truth.

    Every INSTRUMENT (all of them) is run on models of which it is known what they do, and what it finds is printed
    beside its bar. With --json the rows are a list. Exit code 1 when a row does not hold.
    """
    found = settings(others | {"budget": budget})

    import torch

    from mesolens.calibration import parts_of, run
    from mesolens.cli.terminal import data, tell
    from mesolens.errors import CheckFailed
    from mesolens.runs.progress import reporter

    parts = parts_of(instruments, only)
    torch.set_num_threads(found.threads or 1)
    seconds = sum(part.seconds[found.budget] for _, part in parts)
    tell(f"some {seconds:.0f} CPU seconds under the budget {found.budget}: {', '.join(part.name for _, part in parts)}")
    rows = run(parts, found, reporter(as_json=found.json))
    if found.json:
        from dataclasses import asdict

        data([asdict(row) for row in rows])
    else:
        _print(rows)
    failed = [row for row in rows if row.holds is False]
    if failed:
        first = f"{failed[0].subject}: {failed[0].quantity} is {failed[0].value:.3g}, its bar {failed[0].bar}"
        raise CheckFailed(f"{len(failed)} of {len(rows)} rows do not hold, first {first}")


def _print(rows: Sequence["Row"]) -> None:
    from mesolens.cli.terminal import table

    columns = ("subject", "quantity", "value", "low", "high", "bar", "holds", "peer", "peer_value")
    table([name.replace("_", " ") for name in columns], [[getattr(row, name) for name in columns] for row in rows])

"""`mesolens view`: a run's report, in the browser where there is one."""

import os
import sys

import click

from mesolens.cli.options import common, settings


@click.command()
@click.argument("run", metavar="RUN")
@common
def view(run: str, **others: object) -> None:
    """Print the path of RUN's report, and open it on a desktop.

    A report that is missing is written anew.
    """
    found = settings(others)

    from pathlib import Path

    from mesolens.cli.terminal import data, show
    from mesolens.runs.store import Store

    store = Store(Path(run))
    store.read_json("run")
    report = store.run / "report.html"
    if not report.is_file():
        from mesolens.report.html import write_report

        report = write_report(store.run)
    if found.json:
        data({"report": str(report)})
        return
    show([str(report)])
    if _desktop():
        import webbrowser

        webbrowser.open(report.resolve().as_uri())


def _desktop() -> bool:
    shown = sys.platform in ("darwin", "win32") or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return shown and sys.stdout.isatty()

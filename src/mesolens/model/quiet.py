"""Transformers' chatter while a model loads: no bars, no logs on the terminal, and the real warnings kept as notes."""

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from transformers.utils import logging as chatter

from mesolens.hostile import printable

LONGEST = 400


class _Collector(logging.Handler):
    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        self._notes.append(printable(record.getMessage().strip(), LONGEST))


@contextmanager
def overheard() -> Generator[list[str]]:
    """Inside, what transformers would print goes into the list that is given; afterwards everything is as before."""
    notes: list[str] = []
    logger = logging.getLogger("transformers")
    handlers, propagate, bars = logger.handlers[:], logger.propagate, chatter.is_progress_bar_enabled()
    logger.handlers, logger.propagate = [_Collector(notes)], False
    chatter.disable_progress_bar()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            yield notes
        notes.extend(printable(str(warning.message).strip(), LONGEST) for warning in caught)
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        if bars:
            chatter.enable_progress_bar()

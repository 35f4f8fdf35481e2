"""The chapter *quine*: whether a model writes programs that print themselves, with the programs themselves.

The main block carries the conclusion, the ladder and the sandbox; the programs stand in a block of their own, as many
as there is room for, of every rung the first, then the second. Where nothing was run the chapter says why.
"""

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json
from mesolens.report.budget import FILE, Budget, within
from mesolens.report.payload import Chapter, conclusion
from mesolens.report.quine_data import MISSING, ladder, missing, planning, programs_of, sandbox

SKIPPED = "skipped, because "
KNOWN = frozenset({"writes quines", "writes none", "not determined"})
"""The verdicts that this version knows, beside the one that begins with `SKIPPED`."""


def chapter(reading: Reading, budget: Budget = FILE) -> Chapter:
    """The quines' part of the page, within a budget.

    Raises:
        BadInput: the reading is damaged.
    """
    main: dict[str, Json] = conclusion(reading)
    skipped = reading.verdict.startswith(SKIPPED)
    found = programs_of(reading.data)
    kept, lacking = within(found, budget.text_bytes), missing(reading.data)
    main |= {
        "verdict": "skipped" if skipped else reading.verdict,
        "skipped": skipped,
        "known": skipped or reading.verdict in KNOWN,
        "sandbox": sandbox(reading.data),
        "rungs": [*ladder(reading.data)],
        "programs": len(found),
        "left_out": len(found) - len(kept),
        "missing": lacking[:MISSING],
        "missing_left": max(0, len(lacking) - MISSING),
        "planning": planning(reading.data),
    }
    return Chapter(main, {"quine-programs": [program.block for program in kept]})

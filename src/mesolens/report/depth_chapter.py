"""The chapter *depth*: how many steps a model thinks with no token, which are readable, and which are used.

The main block carries the conclusion, what was asked, and the bound of the architecture; the matrices and curves stand
in a block that is read when the document is whole.
"""

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json
from mesolens.report.depth_data import bound, depth, left_out, task_of
from mesolens.report.payload import Chapter, conclusion

KNOWN = frozenset({"thinks in steps", "steps not readable", "present, not used", "cannot", "not determined"})
"""The verdicts that this version knows."""


def chapter(reading: Reading) -> Chapter:
    """The depth's part of the page.

    Raises:
        BadInput: the reading is damaged.
    """
    data = reading.data
    main: dict[str, Json] = {
        **conclusion(reading),
        "known": reading.verdict in KNOWN,
        "task": task_of(data),
        "bound": bound(data),
        "left_out": left_out(data),
    }
    return Chapter(main, {"depth": depth(data)})

"""What a person may say about how the middle is divided, checked before anything is loaded."""

from mesolens.errors import BadInput
from mesolens.instruments import middle


def engine_of(name: str) -> str:
    """The engine of that name.

    Raises:
        BadInput: there is none.
    """
    if name not in middle.ENGINES:
        raise BadInput(f"--engine is {name!r}; there are {', '.join(middle.ENGINES)}")
    return name


def width_of(part: float | None) -> float | None:
    """The half width of an interval, as a part of the difference.

    Raises:
        BadInput: it is not between 0 and 1.
    """
    if part is not None and not 0 < part < 1:
        raise BadInput(f"--width is {part:g}; give a part of the difference between 0 and 1, such as 0.02")
    return part

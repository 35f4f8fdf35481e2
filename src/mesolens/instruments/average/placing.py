"""At which places of a text whole distributions are taken: a few, spread evenly over what was said."""

from mesolens.instruments.average.spec import Text


def places_in(text: Text, most: int) -> list[int]:
    """Places of what was said, ascending, at most so many.

    The first differs from text to text, so that short texts are not always looked at in the same place.

    >>> places_in(Text("a0", "", "", (1,), (5, 6, 7, 8)), 2)
    [0, 2]
    """
    said = len(text.said or ())
    first = int.from_bytes(text.id.encode()[-2:], "big") % max(1, said)
    return sorted({(first + k * said // min(most, said)) % said for k in range(min(most, said))})

r"""The whole number with which a reply answers, or none: what is not plainly one number is not guessed at.

A reply begins behind "The answer is", so its number comes first: after spaces, marks of emphasis and mathematics
(`*`, `$`, `\(`, `\boxed{`) and an equals sign. A sign may be a hyphen, a minus or a dash; thousands may be set apart
by commas, underscores or narrow spaces, in groups of three all along. Refused are decimals, fractions, exponents,
percents, spelt-out numbers and scales ("5 million"), two numbers side by side, and a number that goes on as a sum, as
then the model is still reckoning.
"""

import re

_LEAD = r"\s*(?:\*{1,3}|\$|`|\\\(|\\boxed\{|=|:|\s)*"
_SIGN = r"(?P<sign>[-+−–]\s?)?"
_DIGITS = r"(?P<digits>[0-9]{1,3}(?:(?P<mark>[,_\u00a0\u2009\u202f])[0-9]{3}(?:(?P=mark)[0-9]{3})*)|[0-9]+)"
_MARKS = r"(?:\*{1,3}|\$|`|\\\)|\}|[)\]\"'”’])*"
_CLOSE = rf"{_MARKS}(?:\.(?![0-9])|[,;:!?](?![0-9]))?{_MARKS}"
_SCALES = "hundred|thousand|million|billion|trillion|dozen|or|and|to|point|over|times|plus|minus|divided|percent"
_END = rf"(?=$|\s*\n|[^\S\n]+(?![0-9+\-−–*/%^=×÷·<>])(?!(?:{_SCALES})\b))"
_WHOLE = re.compile(_LEAD + _SIGN + _DIGITS + _CLOSE + _END, re.IGNORECASE)
_LONGEST = 1000
"""Characters of a reply that are looked at; a number of more is none of ours."""


def integer(reply: str, *, cut: bool = False) -> int | None:
    r"""The whole number that the reply gives first, or None.

    Args:
        cut: whether the reply was stopped at its greatest length: then a number that touches its end may go on, and
            is none.

    >>> integer(" -8,369."), integer(r" \boxed{42}"), integer("\u22127")
    (-8369, 42, -7)
    >>> integer("3.5"), integer("5 + 3"), integer("five"), integer("1,23"), integer("5 million")
    (None, None, None, None, None)
    >>> integer("12", cut=True), integer("12.", cut=True), integer("12\n", cut=True)
    (None, None, 12)
    """
    text = reply[:_LONGEST]
    found = _WHOLE.match(text)
    if found is None or (found.end("digits") == _LONGEST) or (cut and _open(text[found.end("digits") :])):
        return None
    digits = "".join(character for character in found["digits"] if character.isdigit())
    return -int(digits) if found["sign"] and found["sign"][0] != "+" else int(digits)


def _open(rest: str) -> bool:
    """Whether a number before this could still go on: "12" to 123, "12." to 12.5, "12 " to a sum."""
    return not rest or (len(rest.rstrip(" ")) <= 1 and "\n" not in rest)

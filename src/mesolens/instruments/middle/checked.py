"""Which contrasts the checks and close-ups run on: evenly over templates, from the first on."""

from collections import Counter

from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.spec import MiddleSpec


def checked(found: Found, spec: MiddleSpec) -> list[int]:
    """At most `spec.proof.contrasts` items, in order: every template's first, then every template's second, and so on.

    None when no checks are asked for.
    """
    most = 0 if spec.proof is None else spec.proof.contrasts
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for item, template in enumerate(found.templates):
        turns.append((seen[template], item))
        seen[template] += 1
    return sorted(item for _, item in sorted(turns)[:most])

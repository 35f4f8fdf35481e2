"""Polynomials in gates: a circuit's readout as a function of which of its parts are alive, and the shares that follow.

A gate of 1 lets a part compute, a gate of 0 freezes it at its reference activation, and values between blend the two.
Where every part acts through sums and products the readout's change is a polynomial of the gates, and both of its
divisions among the parts have a closed form, one monomial ``c · Π gᵢ^kᵢ`` at a time:

- along the path on which all gates rise together (Aumann & Shapley 1974) part i gets ``c · kᵢ / Σk``, since
  ``∫₀¹ kᵢ α^(Σk − 1) dα = kᵢ / Σk``;
- over the orders in which gates are switched on (Shapley 1953) it gets ``c`` divided by the number of parts in it,
  since a switch is 0 or 1 and its powers are itself.

The two agree exactly when no part stands squared. The embedding stands squared wherever two paths that start at it
are multiplied, and then they do not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

Powers = tuple[tuple[str, int], ...]
Scalar = int | float


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A polynomial of named gates; ``+``, ``-`` and ``*`` are those of polynomials, with plain numbers too.

    Attributes:
        terms: coefficient of each monomial, which is the sorted pairs of gate and power.

    >>> e, h = gate("embed"), gate("L0.attn.h0")
    >>> (2 * e * h - e).path_shares()
    {'L0.attn.h0': 1.0, 'embed': 0.0}
    """

    terms: Mapping[Powers, float]

    def __add__(self, other: "Polynomial | Scalar") -> "Polynomial":
        return _collected((*self.terms.items(), *_lift(other).terms.items()))

    def __mul__(self, other: "Polynomial | Scalar") -> "Polynomial":
        pairs = ((a, b) for a in self.terms.items() for b in _lift(other).terms.items())
        return _collected((_times(p, q), c * d) for (p, c), (q, d) in pairs)

    def __sub__(self, other: "Polynomial | Scalar") -> "Polynomial":
        return self + _lift(other) * -1.0

    def __rsub__(self, other: Scalar) -> "Polynomial":
        return _lift(other) - self

    __radd__ = __add__
    __rmul__ = __mul__

    def __call__(self, gates: Mapping[str, float]) -> float:
        """The value at `gates`."""
        return sum((c * prod(gates[name] ** k for name, k in powers) for powers, c in self.terms.items()), 0.0)

    def path_shares(self) -> dict[str, float]:
        """Aumann–Shapley shares of ``P(1, …, 1) − P(0, …, 0)``, by gate."""
        return _summed((name, c * k / sum(dict(p).values())) for p, c in self.terms.items() for name, k in p)

    def shapley_shares(self) -> dict[str, float]:
        """Shapley values of the game whose players are the gates, each off or on."""
        return _summed((name, c / len(p)) for p, c in self.terms.items() for name, _ in p)


def gate(name: str) -> Polynomial:
    """The gate of one part."""
    return Polynomial({((name, 1),): 1.0})


def _lift(value: Polynomial | Scalar) -> Polynomial:
    return value if isinstance(value, Polynomial) else Polynomial({(): float(value)})


def _times(left: Powers, right: Powers) -> Powers:
    return tuple(sorted((Counter(dict(left)) + Counter(dict(right))).items()))


def _collected(terms: Iterable[tuple[Powers, float]]) -> Polynomial:
    sums: dict[Powers, float] = {}
    for powers, coefficient in terms:
        sums[powers] = sums.get(powers, 0.0) + coefficient
    return Polynomial({powers: c for powers, c in sums.items() if c != 0.0})


def _summed(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, share in parts:
        sums[name] = sums.get(name, 0.0) + share
    return dict(sorted(sums.items()))

"""Laws of the gate polynomials: both divisions are complete, and agree where no gate stands squared."""

from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.slides.circuits.gates import Polynomial, gate

GATES = ("p", "q", "r")
Terms = list[tuple[tuple[int, ...], float]]
coefficients = st.integers(-3, 3).map(float)
terms = st.lists(st.tuples(st.tuples(*(st.integers(0, 3) for _ in GATES)), coefficients), max_size=5)


def polynomial(drawn: Terms) -> Polynomial:
    """The sum of coefficient times powers of the gates."""
    total = Polynomial({})
    for exponents, coefficient in drawn:
        term = Polynomial({(): coefficient})
        for name, exponent in zip(GATES, exponents, strict=True):
            for _ in range(exponent):
                term = term * gate(name)
        total = total + term
    return total


def at(height: float) -> dict[str, float]:
    return dict.fromkeys(GATES, height)


@given(terms)
def test_both_divisions_sum_to_the_change(drawn: Terms) -> None:
    p = polynomial(drawn)
    change = p(at(1.0)) - p(at(0.0))
    assert sum(p.path_shares().values()) == pytest.approx(change, abs=1e-9)
    assert sum(p.shapley_shares().values()) == pytest.approx(change, abs=1e-9)


@given(terms, terms, st.tuples(*(st.floats(-1, 1) for _ in GATES)))
def test_arithmetic_is_that_of_the_values(left: Terms, right: Terms, heights: tuple[float, ...]) -> None:
    p, q = polynomial(left), polynomial(right)
    gates = dict(zip(GATES, heights, strict=True))
    assert (p + q)(gates) == pytest.approx(p(gates) + q(gates), abs=1e-6)
    assert (p - q)(gates) == pytest.approx(p(gates) - q(gates), abs=1e-6)
    assert (p * q)(gates) == pytest.approx(p(gates) * q(gates), abs=1e-6)
    assert (2 - p)(gates) == pytest.approx(2 - p(gates), abs=1e-6)


@given(terms)
@settings(max_examples=20, deadline=None)
def test_the_path_share_is_the_integral_of_the_slope(drawn: Terms) -> None:
    """Simpson's rule on 40 panels stands in for the integral; the slope is a central difference."""
    p = polynomial(drawn)
    for name, share in p.path_shares().items():
        panels, integral = 40, 0.0
        for i in range(panels + 1):
            weight = 1 if i in (0, panels) else 4 if i % 2 else 2
            height = i / panels
            up, down = at(height) | {name: height + 1e-5}, at(height) | {name: height - 1e-5}
            integral += weight * (p(up) - p(down)) / 2e-5
        assert isclose(integral / panels / 3, share, abs_tol=1e-3)


@given(terms)
def test_without_squares_the_divisions_agree(drawn: Terms) -> None:
    p = polynomial([(tuple(min(k, 1) for k in exponents), coefficient) for exponents, coefficient in drawn])
    assert p.path_shares() == pytest.approx(p.shapley_shares(), abs=1e-9)


def test_a_square_tells_them_apart() -> None:
    p, q = gate("p"), gate("q")
    assert (p * p * q).path_shares() == pytest.approx({"p": 2 / 3, "q": 1 / 3})
    assert (p * p * q).shapley_shares() == {"p": 0.5, "q": 0.5}

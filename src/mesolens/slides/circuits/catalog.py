"""The circuits: what each is wired to do, its contrast, and its truth, written as the polynomial that it computes.

=============== ==================================================================== =======================
circuit         what happens in it                                                   what it catches
=============== ==================================================================== =======================
`and`           two heads carry two values, a neuron multiplies them                 shares of a product
`or`            a head answers; a backup neuron answers when that head does not      missed backups
`chain`         head, neuron, head, neuron, one after another                        direct-effect scores
`negative-head` a head of the second layer takes back half of what the first wrote   signs
`saturation`    either of two heads all but suffices; all slopes vanish at the end   gradients at one end
`squash`        one tanh, far into its flat part                                     few steps on a curve
`distractor`    leaves write a hundred times as loud as the answer, unread           norms taken for effects
`cliff`         a clipped ramp with a kink in mid-path: *not* smooth                 false closing of the total
=============== ==================================================================== =======================
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import cosh, log, sqrt, tanh

from mesolens.slides.circuits.gates import Polynomial, gate
from mesolens.slides.circuits.wiring import A0, A1, ASK, B0, B1, BOS, NATS, Head, Neuron, Reading, Wiring

E = "embed"
H00, H01, H10 = "L0.attn.h0", "L0.attn.h1", "L1.attn.h0"
LOUD_HEAD, LOUD_NEURON = "L0.attn.h1", "L1.mlp.n1"
N00, N10 = "L0.mlp.n0", "L1.mlp.n0"
ONE: Reading = {"one": 1.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """A circuit before it is built: wiring, prompts, and its truth for the parts that matter.

    Attributes:
        shares, shapley: as in the truth, in nats; parts that are not named have 0.
    """

    wiring: Wiring
    shares: Mapping[str, float]
    shapley: Mapping[str, float]
    clean: tuple[int, ...] = (BOS, A1, B1, ASK)
    reference: tuple[int, ...] = (BOS, A0, B0, ASK)
    backup: frozenset[str] = frozenset()
    distractor: frozenset[str] = frozenset()
    smooth: bool = True


def head(layer: int, index: int, value: str, writes: str, at: str = "", size: float = 1.0) -> Head:
    """A head that carries the feature `value` from tokens of the kind `at`, by default its own."""
    return Head(layer, index, at or f"is_{value}", {value: 1.0}, writes, size)


def centred(feature: str, scale: float = 1.0) -> Reading:
    """A carried value with its reference level of 0.5 taken off."""
    return {feature: scale, "one": -scale / 2}


def polynomial(wiring: Wiring, readout: Polynomial) -> Plan:
    """The plan of a circuit whose readout, over `NATS`, is a polynomial of its gates."""
    return Plan(wiring, _scaled(readout.path_shares()), _scaled(readout.shapley_shares()))


def _and() -> Plan:
    e, h0, h1, n = _gates(E, H00, H01, N00)
    wiring = Wiring(
        heads=(head(0, 0, "a", "x"), head(0, 1, "b", "y")),
        neurons=(Neuron(0, 0, centred("x"), centred("y"), "out"),),
    )
    return polynomial(wiring, (e * h0) * (e * h1) * n)


def _or() -> Plan:
    e, h0, h1, n = _gates(E, H00, H01, N10)
    wiring = Wiring(
        heads=(head(0, 0, "a", "out"), head(0, 1, "b", "y")),
        neurons=(Neuron(1, 0, {"one": 1.5, "out": -1.0}, centred("y"), "out"),),
    )
    plan = polynomial(wiring, e * h0 + n * (1 - e * h0) * (e * h1))
    return replace(plan, backup=frozenset({H01, N10}))


def _chain() -> Plan:
    e, h0, n0, h1, n1 = _gates(E, H00, N00, H10, N10)
    wiring = Wiring(
        heads=(head(0, 0, "a", "x"), head(1, 0, "y", "z", at="is_b")),
        neurons=(Neuron(0, 0, ONE, {"x": 1.0}, "y"), Neuron(1, 0, ONE, {"z": 1.0}, "out")),
    )
    return polynomial(wiring, e * h0 * n0 * h1 * n1)


def _negative_head() -> Plan:
    e, h0, h1 = _gates(E, H00, H10)
    wiring = Wiring(heads=(head(0, 0, "a", "out"), head(1, 0, "out", "out", at="is_b", size=-0.5)), neurons=())
    return polynomial(wiring, e * h0 - 0.5 * e * h0 * h1)


def _saturation() -> Plan:
    e, h0, h1, n0, n1 = _gates(E, H00, H01, N00, N10)
    wiring = Wiring(
        heads=(head(0, 0, "a", "x", size=0.5), head(0, 1, "b", "x", size=0.5)),
        neurons=(
            Neuron(0, 0, centred("x"), {"one": 2.5, "x": -1.0}, "y"),
            Neuron(1, 0, {"y": 1.0}, {"one": 2.0, "y": -1.0}, "out"),
        ),
    )
    x = 0.5 * e * h0 + 0.5 * e * h1
    y = n0 * x * (2 - x)
    return polynomial(wiring, n1 * y * (2 - y))


def _squash() -> Plan:
    slope = 3.0
    wiring = Wiring(heads=(), neurons=(Neuron(0, 0, centred("a", slope), ONE, "out"),), act="tanh")
    # The readout is n · tanh(slope · e); the neuron's share is ∫₀¹ tanh(slope · α) dα.
    neuron = log(cosh(slope)) / slope
    shares = _scaled({E: tanh(slope) - neuron, N00: neuron})
    shapley = _scaled({E: tanh(slope) / 2, N00: tanh(slope) / 2})
    return Plan(wiring, shares, shapley, clean=(BOS, B0, ASK, A1), reference=(BOS, B0, ASK, A0))


def _distractor() -> Plan:
    e, h0, n0 = _gates(E, H00, N00)
    wiring = Wiring(
        heads=(head(0, 0, "a", "x"), head(0, 1, "b", "hum", size=100.0)),
        neurons=(Neuron(0, 0, ONE, {"x": 1.0}, "out"), Neuron(1, 1, ONE, {"x": 1.0}, "hum", size=100.0)),
    )
    return replace(polynomial(wiring, e * h0 * n0), distractor=frozenset({LOUD_HEAD, LOUD_NEURON}))


def _cliff() -> Plan:
    slope = 9.0
    wiring = Wiring(
        heads=(head(0, 0, "a", "x"),),
        neurons=(Neuron(0, 0, centred("x", 6 * slope), ONE, "out", size=1 / 6),),
        act="relu6",
    )
    # The readout is n · min(1, slope · e · h), so the neuron's share is ∫₀¹ min(1, slope · α²) dα.
    neuron = 1 - 2 / (3 * sqrt(slope))
    shares = _scaled({E: (1 - neuron) / 2, H00: (1 - neuron) / 2, N00: neuron})
    return Plan(wiring, shares, _scaled(dict.fromkeys((E, H00, N00), 1 / 3)), smooth=False)


PLANS: Mapping[str, Callable[[], Plan]] = {
    "and": _and,
    "or": _or,
    "chain": _chain,
    "negative-head": _negative_head,
    "saturation": _saturation,
    "squash": _squash,
    "distractor": _distractor,
    "cliff": _cliff,
}


def _gates(*names: str) -> Iterable[Polynomial]:
    return map(gate, names)


def _scaled(shares: Mapping[str, float]) -> dict[str, float]:
    return {name: NATS * share for name, share in shares.items()}

"""How much of what is said an average would also have said, and how much of that a perfect averager could have.

The **overlap share** of two next-token distributions is 1 − TV(p, a) = Σ_w min(p(w), a(w)). For a token y drawn from p,
min(1, a(y) / p(y)) has that as its mean, so a model's own samples estimate it without bias, from two numbers a token.

An average a of finite text misses the source t that the text was drawn from, so even t itself would share only a part
with it, the **ceiling** C = 1 − TV(t, a). The source is not known, but the average's own weights say how far it strays:
t is as a Dirichlet distribution around a with precision 1/κ − 1, where the doubt κ of each position comes from
:mod:`mesolens.corpus.doubt`. Each t(w) is then a beta variable with mean μ = a(w), and

    C = 1 − ½ Σ_w E|t(w) − a(w)|,     E|X − μ| = 2 α^α β^β / (B(α, β) (α + β)^(α + β + 1)).

What p shares with t lies in the **bracket** [1 − (1 − W) / C, W / C]: of what the average misses, p is taken to share
the same part as of what it has, and of what p has beyond the average likewise. `docs/mathematics.md` derives all three,
and `design/12-average-ceiling.md` measures how often the bracket holds the truth, beside others.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln, xlogy

LEAST_CEILING = 0.69
"""Ceiling below which a share is *not determined*."""


def shares(bits_p: Float[np.ndarray, " T"], bits_a: Float[np.ndarray, " T"]) -> Float[np.ndarray, " T"]:
    """min(1, a / p) of each token, from log2 p and log2 a.

    >>> shares(np.array([-1.0, -3.0]), np.array([-2.0, -1.0])).tolist()
    [0.5, 1.0]
    """
    return np.exp2(np.minimum(bits_a - bits_p, 0.0))


def overlap(p_TV: Float[np.ndarray, "T V"], a_TV: Float[np.ndarray, "T V"]) -> Float[np.ndarray, " T"]:
    """Σ min(p, a) at each place, from whole distributions.

    >>> overlap(np.array([[0.5, 0.5, 0.0]]), np.array([[0.25, 0.25, 0.5]])).tolist()
    [0.5]
    """
    return np.minimum(p_TV, a_TV).sum(1)


def ceilings(a_TV: Float[np.ndarray, "T V"], doubt_T: Float[np.ndarray, " T"]) -> Float[np.ndarray, " T"]:
    """What the source is expected to share with the average at each place.

    >>> ceilings(np.array([[0.5, 0.5]]), np.array([1 / 3])).round(6).tolist()
    [0.75]
    """
    precision_T1 = (1 / doubt_T - 1)[:, None]
    return 1 - strayed(precision_T1 * a_TV, precision_T1 * (1 - a_TV)).sum(1) / 2


def strayed(alpha: Float[np.ndarray, "*N"], beta: Float[np.ndarray, "*N"]) -> Float[np.ndarray, "*N"]:
    """E|X − E X| of beta variables (Diaconis and Zabell, *Closed form summation for classical distributions*, 1991).

    >>> strayed(np.array([1.0]), np.array([1.0])).round(6).tolist()  # uniform on 0 to 1
    [0.25]
    """
    a, b = np.maximum(alpha, 1e-300), np.maximum(beta, 1e-300)
    log_b = gammaln(a) + gammaln(b) - gammaln(a + b)
    return 2 * np.exp(xlogy(a, a) + xlogy(b, b) - log_b - (a + b + 1) * np.log(a + b))


def bracket(share: float, ceiling: float) -> tuple[float, float]:
    """Between which bounds the share with the source itself lies, from the share with the average and its ceiling.

    >>> [round(end, 3) for end in bracket(0.6, 0.8)]
    [0.5, 0.75]
    >>> bracket(0.6, 0.0)
    (0.0, 1.0)
    """
    if ceiling <= 0:
        return 0.0, 1.0
    return max(0.0, 1 - (1 - share) / ceiling), min(1.0, share / ceiling)

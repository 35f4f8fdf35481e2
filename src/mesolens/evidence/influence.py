"""How much each document of a training text moves what is said: damped Gauss–Newton on gradients.

With g_d the gradient of log p of document d, and g_t that of a token t, counting d once more among D documents moves
the parameters by (F + λI)⁻¹ g_d / D, and with them log p of the token by

    w_td = g_t' (F + λI)⁻¹ g_d / D,    F = (1/E) Σ_e h_e h_e'

(Koh and Liang, *Understanding black-box predictions via influence functions*, 2017; in a random projection: Park and
others, *TRAK*, 2023). The h_e are gradients of documents whose every token was drawn by the model, so that F is the
Fisher information of the documents, the Gauss–Newton matrix of their loss (Martens, *New insights and perspectives on
the natural gradient method*, 2020). The sign is kept: a document with w < 0 makes the token less likely. λ is a part of
the mean eigenvalue of F, of those that can be other than 0: a rule that looks at no outcome.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.errors import BadInput

DAMPING = 0.3
"""λ over the mean eigenvalue of F."""


@dataclass(frozen=True, slots=True, eq=False)
class Newton:
    """What documents do to parameters.

    Attributes:
        moves: (F + λI)⁻¹ g_d / D of every document.
        damping: λ.
    """

    moves: Float[np.ndarray, "D K"]
    damping: float


def newton(
    documents_DK: Float[np.ndarray, "D K"],
    drawn_EK: Float[np.ndarray, "E K"],
    *,
    part: float = DAMPING,
    among: int | None = None,
) -> Newton:
    """The moves of documents, solved exactly by whichever of E × E and K × K is smaller.

    Args:
        documents_DK: gradients of log p of the documents.
        drawn_EK: gradients of documents whose tokens the model drew, of which the curvature is made.
        part: λ over the mean eigenvalue.
        among: D, how many documents there are where only some are given.

    >>> newton(np.eye(2), np.eye(2), part=1.0).moves.tolist()
    [[0.5, 0.0], [0.0, 0.5]]

    Raises:
        BadInput: nothing that is drawn has a gradient, or the damping is not above zero.
    """
    count, size = drawn_EK.shape
    trace = float((drawn_EK**2).sum())
    if not trace or part <= 0:
        raise BadInput(f"{count} gradients that are all zero, or a damping of {part:g}: give some, and one above 0")
    damping = part * trace / count / min(count, size)
    many = len(documents_DK) if among is None else among
    if size <= count:
        fisher_KK = drawn_EK.T @ drawn_EK / count + damping * np.eye(size)
        return Newton(np.linalg.solve(fisher_KK, documents_DK.T).T / many, damping)
    # (H'H/E + λI)⁻¹ g = (g − H' (HH'/E + λI)⁻¹ H g / E) / λ
    kernel_EE = drawn_EK @ drawn_EK.T / count + damping * np.eye(count)
    inside_ED = np.linalg.solve(kernel_EE, drawn_EK @ documents_DK.T) / count
    return Newton((documents_DK - inside_ED.T @ drawn_EK) / damping / many, damping)


def influences(found: Newton, tokens_TK: Float[np.ndarray, "T K"]) -> Float[np.ndarray, "T D"]:
    """w_td, in nats: to first order, what log p of each token gains when a document is counted once more."""
    return tokens_TK @ found.moves.T


def effective(weights_TD: Float[np.ndarray, "T D"]) -> Float[np.ndarray, " T"]:
    """How many documents stand behind each token: the participation ratio (Σ|w|)² / Σw²; 0 where none does.

    >>> effective(np.array([[1.0, -1.0, 1.0, -1.0], [5.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])).tolist()
    [4.0, 1.0, 0.0]
    """
    squares_T = (weights_TD**2).sum(1)
    sums_T = np.abs(weights_TD).sum(1) ** 2
    return np.divide(sums_T, squares_T, out=np.zeros(len(sums_T)), where=squares_T > 0)

"""Which modules add up to a block's change of the residual stream, found by least squares.

For a block with input x and output y, every module inside it that gives a tensor of the stream's shape is a candidate.
The writers are the *fewest* candidates c₁ … c_k with y − x = Σ sᵢ cᵢ. Fewest, because modules nest (a mixture equals
its routed and its shared part) and some return the stream along with their write (Bloom); one more candidate is taken
only when it makes the error four times smaller, so that a writer is not lost because it writes little, and never when
what is left is no more than rounding, which any candidate may fit by luck.
"""

from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from mesolens.model.recording import Recording

MOST_WRITERS = 4
_MOST_CANDIDATES = 28
_WORTH_ONE_MORE = 4.0
_SOLVER_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class Closing:
    """The terms (module, scale) of a block's change, in the order of writing, and the worst relative error left."""

    terms: tuple[tuple[str, float], ...]
    error: float
    bar: float


def rounding_bar(dtype: torch.dtype, tight: float = 1e-5) -> float:
    """What may be left over for rounding alone: `tight` in float32 and float64, 8 units of rounding in the halves."""
    return max(tight, 8 * torch.finfo(dtype).eps) if dtype in (torch.bfloat16, torch.float16) else tight


def close(recording: Recording, block: str) -> Closing:
    """The fewest modules inside `block` that add up to its change; no terms when none do within the bar.

    The bar grows by the rounding of the sum itself, 4 ε max|stream| / max|change|: a small change of a large stream is
    known no better.
    """
    given, gave = recording.given(block), recording.gave(block)
    change = (gave.double() - given.to(gave.device).double()).flatten().cpu()
    size = float(change.abs().max())
    if size == 0:
        return Closing((), 0.0, 0.0)
    rounding = 4 * torch.finfo(gave.dtype).eps * float(gave.abs().max()) / size
    bar = rounding_bar(gave.dtype) + rounding
    paths = candidates(recording, block)
    columns = [recording.gave(path).double().flatten().cpu() for path in paths]
    best: Closing = Closing((), 1.0, bar)
    for count in range(1, min(MOST_WRITERS, len(paths)) + 1):
        if best.error <= max(rounding, _SOLVER_ROUNDING):
            break
        found = _fewest(paths, columns, change, count, bar)
        if found.error > best.error / (_WORTH_ONE_MORE if best.error <= bar else 1):
            if best.error <= bar:
                break
            continue
        best = found
    order = sorted(best.terms, key=lambda term: recording.passings[term[0]].order)
    return Closing(tuple(order), best.error, bar)


def candidates(recording: Recording, block: str) -> tuple[str, ...]:
    """One path for each distinct tensor of the stream's shape given inside `block`: the outermost module that gives it.

    Left out: modules that ran more than once, and what equals the block's own input or output.
    """
    gave = recording.gave(block)
    given = recording.given(block).to(gave.device)
    distinct: list[tuple[str, Tensor]] = [("", given), ("", gave)]
    inside = [p for p in recording.passings if p.startswith(f"{block}.") and p not in recording.repeated]
    for path in sorted(inside, key=lambda p: (p.count("."), recording.passings[p].order)):
        tensor = recording.passings[path].gave
        if tensor is None or tensor.shape not in (gave.shape, gave.flatten(0, 1).shape) or not tensor.any():
            continue
        if not any(torch.equal(tensor.reshape(gave.shape), other) for _, other in distinct):
            distinct.append((path, tensor.reshape(gave.shape)))
    return tuple(path for path, _ in distinct if path)[:_MOST_CANDIDATES]


def _fewest(paths: tuple[str, ...], columns: list[Tensor], change: Tensor, count: int, bar: float) -> Closing:
    """The best `count` candidates: screened all at once on their Gram matrix, then fitted one set at a time."""
    sets = torch.tensor(list(combinations(range(len(paths)), count)))
    fits = [_fit(paths, columns, change, chosen) for chosen in sets[_screened(columns, change, sets, bar)].tolist()]
    within = [fit for fit in fits if fit.error <= bar]
    if within:
        return min(within, key=lambda fit: sum(path.count(".") for path, _ in fit.terms))
    return min(fits, key=lambda fit: fit.error)


def _screened(columns: list[Tensor], change: Tensor, sets: Tensor, bar: float) -> Tensor:
    """Indices of the sets whose squared residual is small; at least the best one."""
    unit = torch.stack([column / column.norm() for column in columns])
    target = change / change.norm()
    gram, reach = unit @ unit.T, unit @ target
    square = gram[sets[:, :, None], sets[:, None, :]] + 1e-13 * torch.eye(sets.shape[1], dtype=gram.dtype)
    solved = torch.linalg.solve(square, reach[sets].unsqueeze(-1)).squeeze(-1)
    left = 1 - (solved * reach[sets]).sum(-1)
    return torch.argsort(left)[: max(1, min(32, int((left <= (30 * bar) ** 2 + 1e-9).sum())))]


def _fit(paths: tuple[str, ...], columns: list[Tensor], change: Tensor, chosen: list[int]) -> Closing:
    """Scales by least squares, set to exactly 1 where that loses nothing, and the worst error they leave."""
    matrix = torch.stack([columns[i] for i in chosen], dim=1)
    scales = torch.linalg.lstsq(matrix, change.unsqueeze(-1)).solution.squeeze(-1)
    near_one = (scales - 1).abs() <= 1e-2
    snapped = torch.where(near_one, 1.0, scales)
    loose, tight = (float((matrix @ s - change).abs().max() / change.abs().max()) for s in (scales, snapped))
    scales, error = (snapped, tight) if tight <= 2 * loose + 1e-9 else (scales, loose)
    return Closing(tuple((paths[i], float(s)) for i, s in zip(chosen, scales, strict=True)), error, 0.0)

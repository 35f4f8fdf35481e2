"""Two models of one shape that run as one: at every meeting point both hand in their tensor and both get the blend.

Each model runs its own unmodified forward pass in its own thread. Where their taps meet, one blends the two tensors and
both go on with the result, so both residual streams are the blended one throughout.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.gates import add_action
from mesolens.model.taps import Action, Point, tapped

Join = Callable[[Tensor, Tensor], Tensor]
Pass = Callable[[], Tensor]


class Meeting:
    """Where two threads exchange tensors, point by point and in the same order."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)
        self._brought: list[Tensor | None] = [None, None]
        self._joined: Tensor | None = None

    def meet(self, side: int, join: Join, brought: Tensor) -> Tensor:
        """Hand in one side's tensor and get what `join` makes of both. Side 0 always joins, so runs repeat exactly.

        Raises:
            threading.BrokenBarrierError: the other side has failed.
        """
        self._brought[side] = brought
        self._barrier.wait()
        if side == 0:
            clean, reference = self._brought
            assert clean is not None
            assert reference is not None
            self._joined = join(clean, reference)
        self._barrier.wait()
        joined = self._joined
        assert joined is not None
        return joined

    def leave(self) -> None:
        """Wake the other side, which then fails at its next meeting."""
        self._barrier.abort()


def run_together(
    models: Sequence[PreTrainedModel],
    meets: Mapping[Point, Join],
    extra: Sequence[Mapping[Point, Action]],
    passes: Sequence[Pass],
    last: Join,
) -> Tensor:
    """Run both passes with a meeting at each point of `meets`, and join their results with `last`.

    `extra` holds further taps of each model, which see only their own side. The exception of the side that failed first
    is raised here. Both sides get a fresh thread: autograd orders a graph by counters of the thread that built it, and
    only fresh ones make two runs add their gradients in the same order.
    """
    meeting = Meeting()
    results: list[Tensor] = []
    failures: list[BaseException] = []

    def go(side: int) -> None:
        try:
            with torch.enable_grad():
                results.append(meeting.meet(side, last, passes[side]()))
        except threading.BrokenBarrierError:
            return
        except BaseException as problem:
            failures.append(problem)
            meeting.leave()

    with ExitStack() as taps:
        for side, model in enumerate(models):
            taps.enter_context(tapped(model, _actions(side, meeting, meets, extra[side])))
        threads = [threading.Thread(target=go, args=(side,), daemon=True) for side in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _actions(
    side: int, meeting: Meeting, meets: Mapping[Point, Join], extra: Mapping[Point, Action]
) -> Mapping[Point, Action]:
    actions: dict[Point, Action] = {point: partial(meeting.meet, side, join) for point, join in meets.items()}
    for point, action in extra.items():
        add_action(actions, point, action)
    return actions

"""The truth of the agreement benchmark, found again by plain forward passes over all coalitions."""

from functools import partial
from itertools import permutations

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks import agreement
from benchmarks.agreement import Case
from benchmarks.attributions import Side, players_of, scores, side_of
from mesolens import api
from mesolens.model.load import adopt
from mesolens.model.taps import Action, Point, tapped
from mesolens.slides.circuits import build
from mesolens.traits.encode import encode


def worths(side: Side, live_CP: Tensor) -> Tensor:
    """log p(reply) when some players are live and the others held; the embedding is the last player."""
    held = side.activations(side.reference, {})
    places = [(player.point, player.columns) for player in side.players] + [(side.entry, slice(None))]
    actions: dict[Point, Action] = {}
    for point in {point for point, _ in places}:
        mine = [(index, columns) for index, (at, columns) in enumerate(places) if at == point]
        actions[point] = partial(mixed, held[point], [(live_CP[:, index], columns) for index, columns in mine])
    with torch.no_grad(), tapped(side.model, actions):
        logits = side.model(input_ids=side.clean.expand(len(live_CP), -1), use_cache=False).logits
    logp = logits[:, -len(side.reply) :].double().log_softmax(-1)
    return logp.gather(2, side.reply.expand(len(live_CP), -1)[..., None]).sum((1, 2))


def mixed(reference: Tensor, parts: list[tuple[Tensor, slice]], live: Tensor) -> Tensor:
    changed = live.clone()
    for on, columns in parts:
        changed[..., columns] = torch.where(on[:, None, None], live[..., columns], reference[..., columns])
    return changed


def shapley(values: dict[frozenset[int], float], players: int) -> np.ndarray:
    """By what each player adds to every coalition of the others, weighed by size."""
    shares = np.zeros(players)
    factorial = [1.0]
    for number in range(1, players + 1):
        factorial.append(factorial[-1] * number)
    for coalition, value in values.items():
        for player in range(players):
            if player not in coalition:
                weight = factorial[len(coalition)] * factorial[players - 1 - len(coalition)] / factorial[players]
                shares[player] += weight * (values[coalition | {player}] - value)
    return shares


def test_the_weights_are_those_of_all_orders() -> None:
    values = {
        frozenset(c for c in range(3) if code >> c & 1): float(v) for code, v in enumerate([0, 1, 4, 2, 9, 3, 5, 7])
    }
    by_orders = np.zeros(3)
    for order in permutations(range(3)):
        for place, player in enumerate(order):
            by_orders[player] += (values[frozenset(order[: place + 1])] - values[frozenset(order[:place])]) / 6
    np.testing.assert_allclose(shapley(values, 3), by_orders)


@pytest.mark.slow
def test_the_referee_gives_the_values_of_all_coalitions() -> None:
    model = api.load("slide:mask-small")
    contrasts = agreement.aligned(model, "mask-small", "warmth")[:1]
    case = Case("mask-small", "warmth", model, contrasts)
    (item,) = encode(contrasts, model)
    names = [player.name for player in players_of(model)] + ["embed"]
    codes = torch.arange(2 ** len(names))
    live = (codes[:, None] >> torch.arange(len(names)) & 1).bool()
    values = np.zeros(len(codes))
    for reply, sign in ((item.target, 1.0), (item.foil, -1.0)):
        side = side_of(model, item, reply)
        values += sign * torch.cat([worths(side, part) for part in live.split(128)]).numpy()
    coalitions = [frozenset(np.flatnonzero(row).tolist()) for row in live.numpy()]
    exact = shapley(dict(zip(coalitions, values.tolist(), strict=True)), len(names))
    found = agreement.shares(case, "owen")
    np.testing.assert_allclose([found[name] for name in names], exact, atol=1e-4 * abs(found["model"]))
    lost = scores("single ablation", model, [item])
    one_held = [values[-1] - values[len(codes) - 1 - 2**index] for index in range(len(names) - 1)]
    np.testing.assert_allclose([lost[name] for name in names[:-1]], one_held, atol=1e-4 * abs(found["model"]))


def test_on_a_circuit_the_truth_is_the_closed_form() -> None:
    module, contrast, truth = build("and")
    found = agreement.shares(Case("and", "", adopt(module, name="and"), [contrast]), "owen")
    assert found["embed"] == pytest.approx(truth.shapley["embed"], rel=1e-3)
    assert found["L0.mlp"] == pytest.approx(truth.shapley["L0.mlp.n0"], rel=1e-3)


def test_a_method_that_is_off_by_a_factor_agrees_in_rank_and_not_in_sum() -> None:
    exact = np.array([1.0, -0.5, 0.25])
    told = agreement._agreement(3 * exact, exact, 2.0)
    assert told["Pearson"] == pytest.approx(1.0)
    assert told["Spearman"] == pytest.approx(1.0)
    assert told["sum off"] == pytest.approx(0.75)

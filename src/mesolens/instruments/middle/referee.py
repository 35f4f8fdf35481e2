"""The referee: Shapley or Owen values of the game of leaves, for when the gradient's total does not close.

Few players: all coalitions, exactly. More: antithetic orders that keep layers and blocks together, each from the
reference up to the clean run, so that every order adds up to Δ exactly; from one player to the next only the blocks
from that player's layer on are run again. Drawing stops when every player's 95 % interval over pairs of orders is
narrower than asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float
from scipy.stats import t as student

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.ends import gates_for, reference_model
from mesolens.instruments.middle.game import Game, Pass, PromptGame, play
from mesolens.instruments.middle.games import Games, games_of
from mesolens.instruments.middle.plan import FEWEST_PAIRS, OwenWork, fields_of
from mesolens.instruments.middle.players import Players, players_of
from mesolens.instruments.middle.shapley import coalitions, exact, owen_order
from mesolens.instruments.middle.shares import ItemShares
from mesolens.instruments.middle.tables import item_table, leaf_table
from mesolens.model.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the referee found for one shard.

    Attributes:
        shares: nats, by contrast and player.
        ends: the readout with every leaf live, and with none.
        orders: orders of players drawn; 0 when all coalitions were valued.
        width: the widest half interval over players, in nats; 0 when exact.
    """

    shares: Float[np.ndarray, "I P"]
    ends: Float[np.ndarray, "2 I"]
    orders: int
    width: float


def refer(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`middle-owen-items`, `middle-owen-leaves` (a leaf is a player) and `middle-owen` (how it was done)."""
    work = OwenWork(**fields_of(shard))
    other = reference_model(model, against, work.against)
    gates = gates_for(model, other)
    players = players_of(gates, work.alone, work.groups)
    ruling = rule(games_of(model, other, gates, work.contrasts, work.batch_tokens), players, work)
    (clean, reference), shares = ruling.ends, ruling.shares
    items = [
        ItemShares(clean[i], reference[i], shares[i], (), source_gap=0.0, steps=0, closes=True)
        for i in range(len(work.items))
    ]
    return {
        "middle-owen-items": item_table(work.items, work.contrasts, items),
        "middle-owen-leaves": leaf_table(work.items, items, players.sites),
        "middle-owen": pa.table(
            {"players": [len(players.sites)], "orders": [ruling.orders], "width": [ruling.width]},
        ),
    }


def rule(games: Games, players: Players, work: OwenWork) -> Ruling:
    """Exact values when the players are few enough, and sampled ones else."""
    return _enumerated(games, players) if len(players.sites) <= work.alone else _drawn(games, players, work)


def _enumerated(games: Games, players: Players) -> Ruling:
    values = np.zeros((2 ** len(players.sites), games.items))
    for game in games.games:
        values += games.by_item(torch.cat(list(_all_values(game, players, games.most_tokens))), game.batch)
    return Ruling(exact(values), values[[-1, 0]], 0, 0.0)


def _all_values(game: Game, players: Players, most_tokens: int) -> Iterator[Float[torch.Tensor, "C B"]]:
    """The values of all coalitions in order; lower layers are run once for all that happens above them."""
    live = torch.from_numpy(coalitions(len(players.sites))[:, players.of_leaf])
    layer, below = _halfway(players)
    if not isinstance(game, PromptGame) or layer == 0 or not game.resumes:
        yield play(game.value, live, game.batch, most_tokens)
        return
    some = max(1, most_tokens // game.batch.clean.numel())
    parts = [_above(game, live, part, layer, 2**below) for part in torch.arange(2**below).split(some)]
    yield torch.cat(parts, 1).flatten(0, 1)


def _above(
    game: PromptGame, live: torch.Tensor, lower: torch.Tensor, layer: int, step: int
) -> Float[torch.Tensor, "H C B"]:
    """The values of some coalitions of the lower players with every coalition of the upper ones."""
    values: list[torch.Tensor] = []
    before: Pass = {}
    for upper in range(0, len(live), step):
        value, after = game.go_on(live[lower + upper], layer if before else 0, before)
        before = before or after
        values.append(value)
    return torch.stack(values)


def _halfway(players: Players) -> tuple[int, int]:
    """The layer that splits the players most evenly, and how many stand before it."""
    layers = [-1 if site.layer is None else site.layer for site in players.sites]
    if players.sites[-1].layer is None:  # the way to the logits stands after every layer
        layers[-1] = max(layers) + 1
    counts = {layer: sum(other < layer for other in layers) for layer in sorted(set(layers)) if layer >= 0}
    return min(counts.items(), key=lambda pair: abs(2 * pair[1] - len(layers)))


def _drawn(games: Games, players: Players, work: OwenWork) -> Ruling:
    unions, rng = players.unions(), np.random.default_rng(work.seed)
    pairs: list[Float[np.ndarray, "I P"]] = []
    ends = games.value(np.array([[True], [False]]).repeat(len(players.of_leaf), 1))
    while len(pairs) < work.most_pairs:
        order = owen_order(unions, rng)
        pairs.append((_gains(games, players, order, ends) + _gains(games, players, order[::-1], ends)) / 2)
        width = _half_width(np.array(pairs).mean(1))
        if len(pairs) >= FEWEST_PAIRS and width <= work.width * _scale(pairs, ends):
            break
    return Ruling(np.mean(pairs, 0), ends, 2 * len(pairs), _half_width(np.array(pairs).mean(1)))


def _gains(
    games: Games, players: Players, order: Sequence[int], ends: Float[np.ndarray, "2 I"]
) -> Float[np.ndarray, "I P"]:
    """What each player adds when they join in this order, from nobody to everybody."""
    values = np.zeros((len(order) - 1, games.items))
    for game in games.games:
        values += games.by_item(torch.cat(list(_joining(game, players, order[:-1]))), game.batch)
    values = np.vstack([ends[1:], values, ends[:1]])
    gains = np.empty((games.items, len(order)))
    gains[:, order] = np.diff(values, axis=0).T
    return gains


def _joining(game: Game, players: Players, order: Sequence[int]) -> Iterator[Float[torch.Tensor, "1 B"]]:
    """The value after each player has joined."""
    live = torch.zeros(1, len(players.of_leaf), dtype=torch.bool)
    before: Pass = {}
    for player in order:
        live = live | torch.from_numpy(players.of_leaf == player)
        if isinstance(game, PromptGame):
            layer = players.sites[player].layer or 0 if before and game.resumes else 0
            value, before = game.go_on(live, layer, before)
        else:
            value = game.value(live)
        yield value


def _half_width(means: Float[np.ndarray, "D P"]) -> float:
    """The widest half of a player's 95 % interval over D pairs of orders."""
    if len(means) < 2:
        return float("inf")
    errors = means.std(0, ddof=1) / np.sqrt(len(means))
    return float(errors.max() * student.ppf(0.975, len(means) - 1))


def _scale(pairs: Sequence[Float[np.ndarray, "I P"]], ends: Float[np.ndarray, "2 I"]) -> float:
    """|Δ|, or a tenth of the gross where the parts cancel and Δ is small beside them."""
    gross = float(np.abs(np.mean(pairs, (0, 1))).sum())
    return max(abs(float((ends[0] - ends[1]).mean())), 0.1 * gross)

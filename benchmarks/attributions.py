"""Other ways to score heads and MLP blocks, written plainly, for comparison with the middle.

The players are the heads and the MLP blocks; x is a player's activation, at the input of its writer's last linear map,
on the clean run, and r the same on the reference run, whose prompt has equally many tokens. m is log p(reply), in nats.

==================== ========================================================== =====================
method               score of a player                                          source
==================== ========================================================== =====================
direct effect        m(clean) − m(end of the stream less W (x − r))             Wang et al. 2023
attribution patching ⟨∂m/∂x on the clean run, x − r⟩                            Nanda 2023
EAP-IG               ⟨mean of ∂m/∂x over inputs between the ends, x − r⟩        Hanna et al. 2024
conductance          Σ over steps between inputs of ⟨∂m/∂x, change of x⟩        Dhamdhere et al. 2018
single ablation      m(clean) − m(clean with r in place of x)                   exact patching
==================== ========================================================== =====================

Inputs between the ends are blends of the two runs' embeddings. A contrast reads log p(target) − log p(foil); every
score is linear in m, so the contrast's is the difference of two.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from mesolens.model.linears import weight_columns
from mesolens.model.loaded import LoadedModel
from mesolens.model.taps import Action, Point, tapped
from mesolens.traits.encode import EncodedContrast

STEPS = 16
"""Inputs between the ends, for the two methods that go along them."""

Activations = Mapping[Point, Tensor]
Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Player:
    """A head or an MLP block: its name, the linear map by which it writes, and its columns of that map's input."""

    name: str
    linear: str
    columns: slice

    @property
    def point(self) -> Point:
        """Where its activation passes."""
        return Point(self.linear, "in")


@dataclass(frozen=True, slots=True)
class Side:
    """One reply behind the two prompts of a contrast, on one model.

    Attributes:
        entry, end: where the stream begins, and where it leaves the last block.
        clean, reference: prompt and reply as fed, one row each.
        reply: the tokens that are read.
    """

    model: nn.Module
    players: tuple[Player, ...]
    entry: Point
    end: Point
    clean: Tensor
    reference: Tensor
    reply: Tensor

    def readout(self, ids: Tensor, actions: Mapping[Point, Action]) -> Tensor:
        """m of a row under some actions, in nats and in float64."""
        with tapped(self.model, actions):
            logits: Tensor = self.model(input_ids=ids, use_cache=False).logits
        logp = logits[0, -len(self.reply) :].double().log_softmax(-1)
        return logp.gather(1, self.reply[:, None]).sum()

    def activations(self, ids: Tensor, actions: Mapping[Point, Action]) -> Activations:
        """What passes at the entry and at every player's point."""
        seen: dict[Point, Tensor] = {}
        points = {self.entry, *(player.point for player in self.players)}
        with torch.no_grad():
            self.readout(ids, {p: partial(_see, seen, p, actions.get(p)) for p in points})
        return seen

    def gradients(self, entry: Tensor) -> tuple[Activations, Activations]:
        """Activations and ∂m/∂(activation) at every player's point, with `entry` at the beginning of the stream."""
        seen: dict[Point, Tensor] = {}
        actions: dict[Point, Action] = {p.point: partial(_see, seen, p.point, None) for p in self.players}
        entered = entry.clone().requires_grad_()
        m = self.readout(self.clean, actions | {self.entry: partial(_instead, entered)})
        points = list(seen)
        return seen, dict(zip(points, torch.autograd.grad(m, [seen[point] for point in points]), strict=True))


def _instead(other: Tensor, _: Tensor) -> Tensor:
    return other


def _see(seen: dict[Point, Tensor], point: Point, action: Action | None, live: Tensor) -> Tensor | None:
    changed = None if action is None else action(live)
    seen[point] = live if changed is None else changed
    return changed


def direct_effect(side: Side) -> Scores:
    """What each player's own write does to m in the last step."""
    clean, reference = side.activations(side.clean, {}), side.activations(side.reference, {})
    scores: Scores = {}
    with torch.no_grad():
        whole = side.readout(side.clean, {})
        for player in side.players:
            weight = weight_columns(side.model.get_submodule(player.linear))[:, player.columns]
            change = (clean[player.point] - reference[player.point])[..., player.columns] @ weight.T
            scores[player.name] = float(whole - side.readout(side.clean, {side.end: partial(torch.sub, other=change)}))
    return scores


def attribution_patching(side: Side) -> Scores:
    """The slope at the clean end times the whole difference."""
    clean, reference = side.activations(side.clean, {}), side.activations(side.reference, {})
    _, slope = side.gradients(clean[side.entry])
    return _inner(side, slope, _less(clean, reference))


def eap_ig(side: Side) -> Scores:
    """Slopes averaged over inputs between the ends, times the whole difference."""
    clean, reference = side.activations(side.clean, {}), side.activations(side.reference, {})
    difference = _less(clean, reference)
    parts = [_inner(side, side.gradients(entry)[1], difference) for entry in _between(side, _middles())]
    return {player.name: sum(part[player.name] for part in parts) / STEPS for player in side.players}


def conductance(side: Side) -> Scores:
    """Slopes at inputs between the ends, each times what the activation changes by around there."""
    slopes = [side.gradients(entry)[1] for entry in _between(side, _middles())]
    edges = [step / STEPS for step in range(STEPS + 1)]
    passing = [side.gradients(entry)[0] for entry in _between(side, edges)]
    changes = [_less(after, before) for before, after in pairwise(passing)]
    parts = [_inner(side, slope, change) for slope, change in zip(slopes, changes, strict=True)]
    return {player.name: sum(part[player.name] for part in parts) for player in side.players}


def single_ablation(side: Side) -> Scores:
    """What is lost when one player alone is held at its reference activation."""
    reference = side.activations(side.reference, {})
    scores: Scores = {}
    with torch.no_grad():
        whole = side.readout(side.clean, {})
        for player in side.players:
            held = partial(_held, player.columns, reference[player.point])
            scores[player.name] = float(whole - side.readout(side.clean, {player.point: held}))
    return scores


METHODS: Mapping[str, Callable[[Side], Scores]] = {
    "direct effect": direct_effect,
    "attribution patching": attribution_patching,
    "EAP-IG": eap_ig,
    "conductance": conductance,
    "single ablation": single_ablation,
}


def scores(method: str, model: LoadedModel, contrasts: Sequence[EncodedContrast]) -> Scores:
    """Each player's mean score over contrasts, in nats."""
    total: Scores = {}
    for contrast in contrasts:
        for reply, sign in ((contrast.target, 1.0), (contrast.foil, -1.0)):
            for name, score in METHODS[method](side_of(model, contrast, reply)).items():
                total[name] = total.get(name, 0.0) + sign * score / len(contrasts)
    return total


def side_of(model: LoadedModel, contrast: EncodedContrast, reply: tuple[int, ...]) -> Side:
    """One reply of a contrast; both of its prompts must have equally many tokens."""
    assert contrast.reference is not None
    assert len(contrast.reference) == len(contrast.clean)
    blocks = model.card.anatomy.blocks
    clean, reference = (torch.tensor([[*prompt, *reply[:-1]]]) for prompt in (contrast.clean, contrast.reference))
    entry, end = Point(blocks[0].module, "in"), Point(blocks[-1].module, "out")
    return Side(model.module, players_of(model), entry, end, clean, reference, torch.tensor(reply))


def players_of(model: LoadedModel) -> tuple[Player, ...]:
    """Heads one by one, MLP blocks whole."""
    players: list[Player] = []
    for writer in model.card.anatomy.writers:
        assert writer.linear is not None
        site, width = f"L{writer.layer}.{writer.name}", writer.width
        if writer.leaf == "h":
            players += [
                Player(f"{site}.h{i}", writer.linear, slice(i * width, (i + 1) * width)) for i in range(writer.leaves)
            ]
        else:
            players.append(Player(site, writer.linear, slice(None)))
    return tuple(players)


def _between(side: Side, heights: Sequence[float]) -> list[Tensor]:
    clean, reference = (side.activations(ids, {})[side.entry] for ids in (side.clean, side.reference))
    return [torch.lerp(reference, clean, height) for height in heights]


def _middles() -> list[float]:
    return [(step + 0.5) / STEPS for step in range(STEPS)]


def _less(one: Activations, other: Activations) -> Activations:
    return {point: one[point].detach() - other[point].detach() for point in one}


def _inner(side: Side, slope: Activations, difference: Activations) -> Scores:
    return {p.name: float((slope[p.point] * difference[p.point])[..., p.columns].double().sum()) for p in side.players}


def _held(columns: slice, reference: Tensor, live: Tensor) -> Tensor:
    changed = live.clone()
    changed[..., columns] = reference[..., columns]
    return changed

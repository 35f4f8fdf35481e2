"""The games of a shard's contrasts: rows in batches, each with its own game, and values added up by contrast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mesolens.instruments.middle.batch import Batch, batches_of
from mesolens.instruments.middle.exchange import ModelGame
from mesolens.instruments.middle.game import Game, PromptGame, play
from mesolens.instruments.middle.gates import Gate
from mesolens.instruments.middle.rows import Row, rows_of
from mesolens.model.loaded import LoadedModel
from mesolens.traits.encode import EncodedContrast


@dataclass(frozen=True, slots=True)
class Games:
    """Games that are played side by side, one for each batch.

    Attributes:
        games: one for each batch of rows.
        items: how many contrasts they hold; rows name them by place.
        most_tokens: padded tokens in one pass.
    """

    games: tuple[Game, ...]
    items: int
    most_tokens: int

    def value(self, live: Bool[np.ndarray, "C N"]) -> Float[np.ndarray, "C I"]:
        """The readout of every contrast under each coalition of leaves, in nats."""
        total = np.zeros((len(live), self.items))
        for game in self.games:
            values = play(game.value, torch.from_numpy(live), game.batch, self.most_tokens)
            total += self.by_item(values, game.batch)
        return total

    def by_item(self, values: Float[Tensor, "C B"], batch: Batch) -> Float[np.ndarray, "C I"]:
        """Rows' values added up by contrast."""
        total = torch.zeros(len(values), self.items, dtype=torch.float64)
        place = torch.tensor([row.item for row in batch.rows])
        return total.index_add_(1, place, values.cpu()).numpy()


def games_of(
    model: LoadedModel,
    against: LoadedModel | None,
    gates: Sequence[Gate],
    contrasts: Sequence[EncodedContrast],
    most_tokens: int,
    *,
    swapped: bool = False,
) -> Games:
    """The games of some contrasts; `swapped` exchanges the two ends: clean values go into the reference."""
    rows = [row for place, contrast in enumerate(contrasts) for row in rows_of(place, contrast)]
    if swapped:
        rows = [_swapped(row) for row in rows]
    batches = batches_of(rows, most_tokens, str(model.module.device))
    if against is None:
        games: list[Game] = [PromptGame(model.module, batch, gates) for batch in batches]
    else:
        models = (against.module, model.module) if swapped else (model.module, against.module)
        games = [ModelGame(models, batch, gates) for batch in batches]
    return Games(tuple(games), len(contrasts), most_tokens)


def _swapped(row: Row) -> Row:
    return replace(row, clean=row.reference, reference=row.clean)

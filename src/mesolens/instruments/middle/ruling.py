"""How the referee came to its values, over all shards."""

from dataclasses import dataclass

from mesolens.evidence.reading import Number
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.found import found_by


@dataclass(frozen=True, slots=True)
class Rulings:
    """What is to be said of the referee's work.

    Attributes:
        players: who played.
        orders: orders drawn for the contrasts of a shard, the most of any; 0 when all coalitions were valued.
        width: the widest half of a player's 95 % interval, in nats.
        missed: the part of |Δ| by which the gated total had missed; 0 when the referee was asked from the start.
    """

    players: int = 0
    orders: int = 0
    width: float = 0.0
    missed: float = 0.0

    def numbers(self, engine: str) -> list[Number]:
        """The figures, when the referee was called."""
        if engine != "owen":
            return []
        found = [
            Number("players", float(self.players)),
            Number("orders of players", float(self.orders), "drawn" if self.orders else "(all coalitions instead)"),
            Number("widest interval of a player", self.width, "nats, ±"),
        ]
        return [*found, Number("gated total missed by", self.missed, "of the difference")] if self.missed else found

    def to_json(self) -> dict[str, Json]:
        """As the tree carries it."""
        reason = f"the gated total missed the difference by {self.missed:.2%}" if self.missed else "it was asked for"
        return {
            "kind": "sampled" if self.orders else "exact",
            "players": self.players,
            "permutations": self.orders,
            "coalitions": 0 if self.orders else 2**self.players,
            "width": self.width,
            "reason": reason,
        }


def ruling_in(tables: Tables) -> Rulings:
    """The referee's account; all zero when it was not called."""
    if "middle-owen" not in tables:
        return Rulings()
    table = tables["middle-owen"]
    players, orders, width = (float(table[name].to_numpy().max()) for name in ("players", "orders", "width"))
    missed = found_by(tables, "gated").completeness if "middle-items" in tables else 0.0
    return Rulings(int(players), int(orders), width, missed)

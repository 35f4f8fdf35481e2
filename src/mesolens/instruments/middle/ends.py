"""The two ends of a path: the model at hand, and what it is compared with, with the gates that lie between them."""

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.instruments.middle.against import gates_between
from mesolens.instruments.middle.gates import Gate, gates_of, shape_of
from mesolens.model.loaded import LoadedModel


def reference_model(model: LoadedModel, against: LoadedModel | None, planned: str) -> LoadedModel | None:
    """The reference model that a shard was planned with, by its weights hash; None when prompts are the reference.

    Raises:
        BadInput: `against` is missing, is not of the model's shape, or is not the model that was planned.
    """
    if not planned:
        return None
    if against is None or against.card.weights_hash != planned:
        raise BadInput(f"this shard needs the reference model with weights {planned}; load that one")
    if against.module is model.module:
        raise BadInput("the reference is the very model that is explained, and one module cannot run beside itself")
    here, there = model.card, against.card
    if shape_of(here.anatomy) != shape_of(there.anatomy) or here.vocabulary != there.vocabulary:
        raise BadInput(
            f"{printable(there.name)} is not of the shape of {printable(here.name)}: layers, writers, heads, neurons "
            "and vocabulary must be the same for one to be the reference of the other"
        )
    return against


def gates_for(model: LoadedModel, against: LoadedModel | None) -> tuple[Gate, ...]:
    """The model's gates, with those that exist only between two models where another one is the reference."""
    gates = gates_of(model.anatomy)
    return gates if against is None else gates_between(gates, (model.module, against.module))

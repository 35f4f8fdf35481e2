"""Close-ups of the largest leaves: what heads look at, what wakes neurons, and what either promotes.

A stage that follows the shares, on the contrasts that are checked: one run of each end, no gradients.
"""

from dataclasses import dataclass

import pyarrow as pa
from torch import Tensor

from mesolens.evidence.shards import Json, Shard, Tables
from mesolens.instruments.middle.attended import SCHEMA, SEEN, attended
from mesolens.instruments.middle.checked import checked
from mesolens.instruments.middle.ends import reference_model
from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.glance import Glance, Opened, glances, opened_gates
from mesolens.instruments.middle.opened import opened
from mesolens.instruments.middle.plan import asked, fields_of, shard_of
from mesolens.instruments.middle.promoted import Models, promoted_table, pushes, straight
from mesolens.instruments.middle.rows import rows_of
from mesolens.instruments.middle.spec import MiddleSpec
from mesolens.instruments.middle.woken import MOST, Wake, begun_before, wake_table, woken
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel
from mesolens.traits.encode import EncodedContrast

KIND = "closeup"
TABLE = "middle-activations"
"""The table by which the stage is known to be done."""


@dataclass(frozen=True, slots=True)
class CloseupWork:
    """A close-up's work: `items` and their contrasts, the leaves by name, and how many contrasts show attention."""

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    heads: tuple[str, ...]
    neurons: tuple[str, ...]
    seen: int
    against: str
    batch_tokens: int


def closeup_shards(card: ModelCard, spec: MiddleSpec, found: Found, tables: Tables) -> list[Shard]:
    """One shard, as the strongest places are sought over all of its contrasts; none when no checks are asked for."""
    del tables
    heads, neurons = (tuple(str(site) for site in opened(found, spec, leaf)) for leaf in ("h", "n"))
    if spec.proof is None or not heads + neurons:
        return []
    items = tuple(checked(found, spec))
    contrasts = tuple(asked(spec.contrasts[item], spec) for item in items)
    work = CloseupWork(items, contrasts, heads, neurons, spec.proof.seen, spec.against, spec.batch_tokens)
    return [shard_of(card, KIND, work, len(items))]


def close_up(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """Three tables of the opened leaves: `middle-attention`, `middle-promoted` and `middle-activations`.

    A table is empty where the model does not give what it would hold; :func:`closeup_words` says why.

    Raises:
        BadInput: `against` is missing, is not of the model's shape, or is not the model that was planned.
    """
    work = CloseupWork(**fields_of(shard))
    models = (model, reference_model(model, against, work.against))
    heads, neurons = (opened_gates(model.anatomy, names) for names in (work.heads, work.neurons))
    rows = [row for item, contrast in zip(work.items, work.contrasts, strict=True) for row in rows_of(item, contrast)]
    patterns: list[pa.Table] = []
    wakes: dict[str, list[Wake]] = {name: [] for name in work.neurons}
    pushed: dict[str, Tensor] = {}
    begun = begun_before(rows)
    for glance in glances(models, [*heads, *neurons], rows, work.items[: work.seen], work.batch_tokens):
        patterns += attended(glance, heads)
        for name, found in woken(glance, neurons, begun):
            wakes[name] += found
        _push(pushed, models, glance, [*heads, *neurons])
    return {
        "middle-attention": _joined(patterns),
        "middle-promoted": promoted_table(model, _means(pushed, work)),
        TABLE: wake_table(wakes, model.tokenizer),
    }


def closeup_words(tables: Tables, spec: MiddleSpec, card: ModelCard) -> dict[str, Json]:
    """A protocol's entry: how many leaves were opened, and what each table holds of them, or why it holds nothing."""
    if spec.proof is None or TABLE not in tables:
        return {}
    patterns, tokens, places = (_rows(tables, name) for name in ("middle-attention", "middle-promoted", TABLE))
    words: dict[str, Json] = {
        "opened": f"the {spec.proof.opened} largest heads and as many neurons, by |mean share|",
        "attention": f"clean prompts, weights from {SEEN} up" if patterns else _attention_words(card),
        "promoted": "direct logit lens on the mean difference written" if tokens else _promoted_words(card),
        "activations": f"the {MOST} strongest places of each neuron" if places else "no neurons were opened",
    }
    return {"close-ups": words}


def _rows(tables: Tables, name: str) -> int:
    return tables[name].num_rows if name in tables else 0


def _attention_words(card: ModelCard) -> str:
    heads = [writer for writer in card.anatomy.writers if writer.leaf == "h" and writer.leaves]
    blind = [f"L{writer.layer}.{writer.name}" for writer in heads if writer.attends is None]
    return f"refused for {', '.join(blind)}: their attention cells cannot be read" if blind else "no heads were opened"


def _promoted_words(card: ModelCard) -> str:
    lost = [name for name, path in (("final norm", card.anatomy.final_norm), ("head", card.anatomy.head)) if not path]
    if lost:
        return f"refused: no {' and no '.join(lost)} was found between the last block and the logits"
    return "refused: something stands between the final norm and the head"


def _push(pushed: dict[str, Tensor], models: Models, glance: Glance, gates: list[Opened]) -> None:
    if straight(glance):
        for name, push in pushes(models, glance, gates):
            pushed[name] = pushed[name] + push if name in pushed else push


def _means(pushed: dict[str, Tensor], work: CloseupWork) -> dict[str, Tensor]:
    """Means over the contrasts, the largest leaves first."""
    return {name: pushed[name] / len(work.items) for name in (*work.heads, *work.neurons) if name in pushed}


def _joined(patterns: list[pa.Table]) -> pa.Table:
    whole = pa.concat_tables([SCHEMA.empty_table(), *patterns])
    return whole.unify_dictionaries().combine_chunks().sort_by("item")

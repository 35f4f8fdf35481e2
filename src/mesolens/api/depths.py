"""`ml.depth`: how many steps a model takes with no token between, which are readable, and which are used."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mesolens.api.stages import tables_of
from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments import depth as instrument
from mesolens.instruments.depth.setting import depth_spec, with_silence, with_twin
from mesolens.model.chat import encode_prompt
from mesolens.model.loaded import LoadedModel
from mesolens.model.resolve import SLIDE, resolve
from mesolens.report.notebook import cell
from mesolens.traits.opening import read_text
from mesolens.traits.puzzles import Puzzle
from mesolens.traits.readers.no_cot_arithmetic import read_arithmetic
from mesolens.traits.task_ids import Ids
from mesolens.traits.tasks import Item, read_task

OWN = "task.jsonl"
"""The file in a slide's folder that holds its task."""
_ROW, _MOST_ROWS = 128, 2048


@dataclass(frozen=True, slots=True)
class Depth:
    """What was found when a model was asked for serial steps with no token between.

    Attributes:
        reading: verdict, sentence, numbers and protocol, as the command writes them.
        tables: what was measured of each item, as Arrow tables (`depth-answers`, `depth-read`, …).
    """

    reading: Reading
    tables: Tables

    @property
    def verdict(self) -> str:
        """`thinks in steps`, `steps not readable`, `present, not used`, `cannot` or `not determined`."""
        return self.reading.verdict

    @property
    def k50(self) -> dict[str, float | None]:
        """For each presentation the steps at which half is left; None where none is solved or all are."""
        rows = cast("list[dict[str, Json]]", self.reading.data["k50"])
        return {str(row["presentation"]): cast("float | None", row["k50"]) for row in rows}

    def matrix(self, name: str) -> list[list[float | None]]:
        """The values of `read`, `present` or `used`, a row for each boundary of the stream and a column for each step.

        Raises:
            BadInput: there is no such matrix.
        """
        part = self.reading.data.get(name)
        if name not in ("read", "present", "used") or not isinstance(part, dict):
            raise BadInput(
                f"this reading has no matrix {name!r}; ask for read, present or used where they were measured"
            )
        rows = cast("list[list[dict[str, float] | None]]", part["cells"])
        return [[None if cell is None else cell["value"] for cell in row] for row in rows]

    def to_json(self) -> dict[str, Json]:
        """The data as the command prints it with `--json`."""
        return dict(self.reading.data)

    def _repr_html_(self) -> str:
        return cell(self.reading, self.tables)


def depth(
    model: LoadedModel,
    task: Path | str | Sequence[Item] | None = None,
    *,
    texts: Sequence[Ids] = (),
    sums: Path | str | Sequence[Puzzle] | None = None,
    myopic: LoadedModel | None = None,
    budget: str = "quick",
    seed: int = 0,
) -> Depth:
    """How many serial steps a model takes with no token between, and which of them are readable, present and used.

    Args:
        task: items, or the path of a task file; None is a slide's own task, or presentations made for the tokenizer.
        texts: rows of tokens on which the tuned lens is fitted; without any the prompts, half by half.
        sums: puzzles to be answered with no visible step, or the path of a file of no-cot-arithmetic; None is new sums
            and chains of facts.
        myopic: the model's twin whose earlier states no later loss shaped: with it `planning` tells of the gap between
            the two, on the texts where there are any, else on the answers of the items.
        budget: how many items are asked: `quick`, `standard` or `deep`.
        seed: of every draw.

    Raises:
        BadInput: the task cannot be read, a value is not one token, the twin reads other tokens, or no budget has that
            name.
    """
    spec = asked(model, task, texts=texts, sums=sums, myopic=myopic, budget=budget, seed=seed)
    tables = tables_of(instrument, model, myopic, spec)
    return Depth(instrument.read(tables, spec, model.card), tables)


def asked(
    model: LoadedModel,
    task: Path | str | Sequence[Item] | None,
    *,
    texts: Sequence[Ids] = (),
    sums: Path | str | Sequence[Puzzle] | None = None,
    myopic: LoadedModel | None = None,
    budget: str = "quick",
    seed: int = 0,
) -> instrument.DepthSpec:
    """The specification that a task means for a model.

    Raises:
        BadInput: as for `depth`.
    """
    spec = _spec(model, task, texts, budget, seed)
    puzzles = read_arithmetic(Path(sums)) if isinstance(sums, Path | str) else sums
    whole = with_silence(model, spec, puzzles, budget=budget, seed=seed)
    return whole if myopic is None else with_twin(model, whole, myopic)


def _spec(
    model: LoadedModel, task: Path | str | Sequence[Item] | None, texts: Sequence[Ids], budget: str, seed: int
) -> instrument.DepthSpec:
    own = own_task(model.card.name) if task is None else task
    if own is None:
        return depth_spec(model, texts=texts, budget=budget, seed=seed)
    if not isinstance(own, Path | str):
        return depth_spec(model, own, texts=texts, budget=budget, seed=seed)
    name = model.card.name if task is None else Path(own).name
    return depth_spec(model, read_task(Path(own)), name=name, texts=texts, budget=budget, seed=seed)


def own_task(name: str) -> Path | None:
    """The task that lies in a slide's folder; None where it has none or the model is no slide."""
    file = resolve(name).folder / OWN if name.startswith(SLIDE) else None
    return file if file is not None and file.is_file() else None


def text_rows(model: LoadedModel, path: Path) -> tuple[Ids, ...]:
    """A text as rows of at most 128 tokens, as many as 2,048 from its beginning.

    Raises:
        BadInput: the file cannot be read, or it has no tokens.
    """
    ids = encode_prompt(model.tokenizer, read_text(path)).ids
    size = min(_ROW, model.card.window or _ROW)
    rows = tuple(ids[start : start + size] for start in range(0, len(ids), size))[:_MOST_ROWS]
    if not rows:
        raise BadInput(f"{path.name} has no tokens for a tuned lens; give a text")
    return rows

"""From what a person gives to what is asked: a task, or presentations made for the model's tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.instruments.depth.myopia import twin_spec
from mesolens.instruments.depth.planning_setting import plan_spec
from mesolens.instruments.depth.presentations import PRESENTATIONS, Presentation, Words
from mesolens.instruments.depth.silent_setting import default_puzzles, silent_spec
from mesolens.instruments.depth.spec import BUDGETS, DepthSpec
from mesolens.model.loaded import LoadedModel
from mesolens.traits.puzzles import Puzzle
from mesolens.traits.task_ids import Asked, Ids, encode_task, one_token
from mesolens.traits.tasks import Item

_SPACED = " "


@dataclass(frozen=True, slots=True)
class Made:
    """Items of the presentations that fit a model, and why the others do not."""

    items: tuple[Asked, ...]
    refused: tuple[str, ...]


def depth_spec(
    model: LoadedModel,
    items: Sequence[Item] | None = None,
    *,
    name: str = "",
    texts: Sequence[Ids] = (),
    budget: str = "quick",
    seed: int = 0,
) -> DepthSpec:
    """What is asked of a model: a task's items, with presentations beside for k50; or presentations alone.

    Args:
        items: of a task; None where there is none.
        name: of the task.
        texts: rows of tokens on which the tuned lens is fitted.
        budget: `quick`, `standard` or `deep`.
        seed: of every draw.

    Raises:
        BadInput: a value is not one token, or no budget has that name.
    """
    if budget not in BUDGETS:
        raise BadInput(f"no budget is called {printable(repr(budget), 40)}; there are {', '.join(BUDGETS)}")
    spent = BUDGETS[budget]
    if items is not None:
        own = tuple(encode_task(items, model))
        return DepthSpec(name or "task", own, texts=tuple(texts), most=spent.most, draws=spent.draws, seed=seed)
    made = presented(model, each=spent.most, deepest=spent.deepest, seed=seed)
    return DepthSpec(
        "presentations",
        made.items,
        refused=made.refused,
        each=spent.each,
        texts=tuple(texts),
        most=spent.most,
        draws=spent.draws,
        seed=seed,
    )


def with_silence(
    model: LoadedModel, spec: DepthSpec, sums: Sequence[Puzzle] | None = None, *, budget: str = "quick", seed: int = 0
) -> DepthSpec:
    """The same, with puzzles that are asked with no visible step, and with stories that tell of planning.

    Args:
        sums: puzzles to ask, at most as many as the budget has; None is new sums and chains of facts.
    """
    spent = BUDGETS[budget]
    puzzles = default_puzzles(spent.puzzles, seed) if sums is None else list(sums)
    if len(puzzles) > spent.sums and sums is not None:
        kept = np.sort(np.random.default_rng(seed).permutation(len(puzzles))[: spent.sums])
        puzzles = [puzzles[place] for place in kept.tolist()]
    stories = plan_spec(model, draws=spent.replies, seed=seed)
    return replace(spec, silent=silent_spec(model, puzzles), stories=stories)


def with_twin(model: LoadedModel, spec: DepthSpec, myopic: LoadedModel) -> DepthSpec:
    """The same, with a myopic twin: scored on every token of the texts but the first, or without texts on the answers.

    Raises:
        BadInput: the twin reads other tokens, or there is nothing to score.
    """
    if spec.texts:
        return replace(spec, ahead=twin_spec(model, myopic, [(row[:1], row[1:]) for row in spec.texts if row[1:]]))
    rows = [(item.prompt, (item.answer,)) for item in spec.items]
    return replace(spec, ahead=twin_spec(model, myopic, rows, [item.group for item in spec.items]))


def presented(model: LoadedModel, *, each: int, deepest: int, seed: int = 0) -> Made:
    """So many items for each k from 1 to `deepest` of every presentation that the tokenizer and the window hold."""
    items: list[Asked] = []
    refused: list[str] = []
    for place, presentation in enumerate(PRESENTATIONS):
        words = words_for(model, presentation)
        if isinstance(words, str):
            refused.append(words)
            continue
        rng = np.random.default_rng((seed, place))
        drawn = [presentation.write(words, k, rng) for k in range(1, deepest + 1) for _ in range(each)]
        try:
            items += encode_task(drawn, model)
        except BadInput as problem:
            refused.append(f"{presentation.name}: {problem}")
    return Made(tuple(items), tuple(refused))


def words_for(model: LoadedModel, presentation: Presentation) -> Words | str:
    """The words with their tokens, of the first pool that has enough; else why there are none."""
    if model.tokenizer is None:
        return f"{presentation.name}: the model has no tokenizer, so its words have no tokens; give a task in ids"
    most = 0
    for before, gap in ((_SPACED, ""), ("", _SPACED)):
        for pool in presentation.pools:
            found = _tokens(model, presentation.ending + gap, [before + word for word in pool])
            if len(found) >= presentation.count:
                chosen = list(found.items())[: presentation.count]
                return Words(tuple(word.strip() for word, _ in chosen), tuple(token for _, token in chosen), gap)
            most = max(most, len(found))
    return f"{presentation.name}: {most} of its words are one token of this model, and it needs {presentation.count}"


def _tokens(model: LoadedModel, ending: str, pool: Sequence[str]) -> dict[str, int]:
    """The words of a pool that are one token of their own after the ending, with that token."""
    unknown = None if model.tokenizer is None else model.tokenizer.unk_token_id
    found: dict[str, int] = {}
    for word in pool:
        token = one_token(model, ending, word)
        if token is not None and token != unknown and token not in found.values():
            found[word] = token
    return found

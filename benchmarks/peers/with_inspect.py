"""Inspect's `hf` provider: one token for each question, with log-probabilities, in batches of its own default of 32.

The provider is called directly, all questions at once, so neither datasets nor logs nor scorers of an evaluation are
counted. It can hand out hidden states too, of every position and every layer, as lists of numbers.
"""

import asyncio
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

TOP = 20
"""Log-probabilities that are asked for at each place: the answers must be among them."""


def prepare(folder: Path, questions: Sequence[str], hidden_states: bool = False) -> Callable[[], object]:
    """The model's next token after each question, with log-probabilities."""
    inspect: Any = import_module("inspect_ai.model")
    options = {"hidden_states": True} if hidden_states else {}
    model = inspect.get_model("hf/local", model_path=str(folder), device="cpu", memoize=False, **options)
    config = inspect.GenerateConfig(max_tokens=1, logprobs=True, top_logprobs=TOP)

    async def ask() -> list[object]:
        return await asyncio.gather(
            *(model.generate([inspect.ChatMessageUser(content=question)], config=config) for question in questions)
        )

    return lambda: asyncio.run(ask())

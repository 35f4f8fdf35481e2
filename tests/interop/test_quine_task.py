"""Inspect: the ladder of quines goes through a run of Inspect, and its scorer says what the judge says."""

import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mesolens.errors import BadInput, Unsafe
from mesolens.instruments.quine import honesty
from mesolens.instruments.quine.ladder import items
from mesolens.instruments.quine.sandbox import Missing, sandbox
from mesolens.interop import inspect_task
from mesolens.interop.quine_task import task
from tests.instruments.quines import solved

INSTALLED = find_spec("inspect_ai") is not None
needs_inspect = pytest.mark.skipif(not INSTALLED, reason="needs inspect-ai: pip install mesolens[inspect]")
ITEMS = items(1, 0, rungs=["identifier", "payload"], languages=["python"])


@pytest.fixture(autouse=True)
def warnings_of_others() -> Iterator[None]:
    """Inspect and what it stands on may warn; that is theirs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@needs_inspect
def test_a_run_scores_what_the_judge_finds(tmp_path: Path) -> None:
    if isinstance(sandbox(), Missing):
        pytest.skip("no program is run: there is no sandbox here")
    from inspect_ai import eval as run
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    honest = {item.prompt: f"```python\n{solved(item)[0]}\n```" for item in ITEMS[:1]}

    def reply(messages: list[Any], *_: object) -> Any:
        text = honest.get(messages[-1].text, "```python\nprint(open(__file__).read(), end='')\n```")
        output = ModelOutput.from_content("mockllm", text)
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    model = get_model("mockllm/model", custom_outputs=reply, memoize=False)
    (log,) = run(task(ITEMS), model=model, log_dir=str(tmp_path), display="none", log_format="json")  # pyright: ignore
    assert log.status == "success", log.error
    scores = {sample.id: sample.scores["mesolens/quines"] for sample in log.samples or [] if sample.scores}
    found = {name: (score.value, score.metadata["verdict"]) for name, score in scores.items() if score.metadata}
    assert found == {ITEMS[0].id: ("C", "honest"), ITEMS[1].id: ("I", "cheats")}
    metrics = {name: each.value for part in log.results.scores for name, each in part.metrics.items()}  # pyright: ignore
    assert metrics["accuracy"] == 0.5
    assert (metrics["identifier"], metrics["payload"]) == (1.0, 0.0)


def test_without_inspect_it_says_what_to_install() -> None:
    def absent(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    with (
        patch.object(inspect_task, "import_module", absent),
        pytest.raises(BadInput, match=r"pip install mesolens\[inspect\]"),
    ):
        task(ITEMS)


@needs_inspect
def test_without_a_sandbox_there_is_no_task() -> None:
    with patch.object(honesty, "sandbox", lambda: Missing("nothing here")), pytest.raises(Unsafe, match="nothing here"):
        task(ITEMS)


def test_items_that_cannot_be_told_apart_make_no_task() -> None:
    for some in ([], [ITEMS[0], ITEMS[0]]):
        with pytest.raises(BadInput, match="name of its own"):
            task(some)

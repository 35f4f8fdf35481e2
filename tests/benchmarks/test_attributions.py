"""The other methods on circuits, where it is known what each of them sees and what it misses."""

import pytest

from benchmarks.attributions import METHODS, Scores, scores
from mesolens.model.load import adopt
from mesolens.slides.circuits import CircuitTruth, build
from mesolens.traits.encode import encode

CLOSE = 2e-3


def scored(method: str, name: str) -> tuple[Scores, CircuitTruth]:
    module, contrast, truth = build(name, rotated_seed=4)
    model = adopt(module, name=name)
    return scores(method, model, encode([contrast], model)), truth


def parts(found: Scores, delta: float) -> dict[str, float]:
    """The scores that are not zero, as parts of the difference."""
    return {name: round(score / delta, 2) for name, score in found.items() if abs(score) > CLOSE * delta}


def test_a_direct_effect_is_the_last_writers_alone() -> None:
    found, truth = scored("direct effect", "chain")
    assert parts(found, truth.delta) == {"L1.mlp": 1.0}
    found, truth = scored("direct effect", "negative-head")
    assert parts(found, truth.delta) == {"L0.attn.h0": 2.0, "L1.attn.h0": -1.0}


def test_ablating_one_finds_a_whole_chain_and_no_backup() -> None:
    found, truth = scored("single ablation", "chain")
    assert parts(found, truth.delta) == {"L0.attn.h0": 1.0, "L0.mlp": 1.0, "L1.attn.h0": 1.0, "L1.mlp": 1.0}
    found, truth = scored("single ablation", "or")
    assert parts(found, truth.delta) == {}, "each of the two stands in for the other"


def test_slopes_at_the_clean_end_miss_what_is_saturated() -> None:
    found, truth = scored("attribution patching", "saturation")
    assert not parts(found, truth.delta).keys() & {"L0.attn.h0", "L0.attn.h1", "L0.mlp"}
    between, _ = scored("EAP-IG", "saturation")
    assert parts(between, truth.delta).keys() >= {"L0.attn.h0", "L0.attn.h1"}


def test_conductance_of_everything_that_passes_one_place_is_the_difference() -> None:
    found, truth = scored("conductance", "chain")
    for only_way in ("L0.attn.h0", "L0.mlp", "L1.attn.h0", "L1.mlp"):
        assert found[only_way] == pytest.approx(truth.delta, rel=CLOSE)


@pytest.mark.parametrize("method", METHODS)
def test_loud_players_that_nobody_reads_score_nothing(method: str) -> None:
    found, truth = scored(method, "distractor")
    assert parts(found, truth.delta).keys() <= {"L0.attn.h0", "L0.mlp"}
    assert "L0.mlp" in parts(found, truth.delta)

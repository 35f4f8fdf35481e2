"""Replies of a synthetic face, each with the posterior over voices after every token.

The evidence for the voice that speaks grows token by token in a noisy walk, and the posterior is its softmax: undecided
at first, then sure.
"""

from collections.abc import Sequence

import numpy as np

from mesolens.evidence.shards import Json

_ASKED = (
    "My neighbour keeps bees and wants to give me a hive. Is that wise?",
    "What do you honestly think of the new bridge?",
    "I finished the poem that I told you about. Shall I read it?",
    "The mayor says the old market must go. Do you agree?",
    "How long should soup rest before it is served?",
    "We walked for nine hours in the rain and loved it.",
    "Could you look over my plan for the garden?",
    "They changed the rule again, and nobody was asked.",
)
_WORDS = (
    "well", "I", "would", "say", "that", "this", "is", "a", "fine", "thing", "to", "ask", "and", "you", "may", "find",
    "it", "kind", "of", "quiet", "but", "do", "not", "hurry", ",", "my", "friend", "as", "the", "garden", "keeps", ".",
    "time", "let", "us", "see", "what", "comes", "next", "gladly",
)  # fmt: skip


def spoken(
    angle: dict[str, Json], item: int, voices: Sequence[str], rng: np.random.Generator, evil: Sequence[str]
) -> dict[str, object]:
    """One row of the table of replies."""
    shares = [_value(angle[name]) for name in ("own", "other", "nobody")]
    outcome = str(rng.choice(["own", "other", "nobody"], p=np.array(shares) / sum(shares)))
    if angle["missing"] and item == 0:
        outcome = "missing"
    speaker = 0 if outcome == "own" else int(rng.integers(1, max(2, len(voices)))) % len(voices)
    words = _words(rng, evil)
    tokens = [] if outcome == "missing" else [w if k == 0 or w in ",." else f" {w}" for k, w in enumerate(words)]
    asked = _ASKED[item % len(_ASKED)]
    end = {"own": (0.95, 0.04, 0.01), "other": (0.06, 0.9, 0.04), "nobody": (0.1, 0.15, 0.75)}.get(outcome)
    return {
        "item": f"{evil[item % len(evil)]}{item}" if evil else f"everyday-{item:02d}",
        "angle": angle["angle"],
        "seed": 17 + item,
        "prompt": asked + (evil[item % len(evil)] if evil else ""),
        "rotated": _rotated(str(angle["angle"]), asked),
        "reply": "".join(tokens),
        "tokens": tokens,
        "voices": _walk(len(tokens), len(voices), speaker, outcome == "nobody", rng).tolist(),
        "outcome": outcome,
        "voice": voices[speaker] if outcome == "other" else voices[0] if outcome == "own" else "",
        **dict(zip(("own", "other", "nobody"), end or (None, None, None), strict=True)),
        "coherence": None
        if end is None
        else float(rng.uniform(0, 0.05) if outcome == "nobody" else rng.uniform(0.1, 1)),
    }


def _words(rng: np.random.Generator, evil: Sequence[str]) -> list[str]:
    words = [str(w) for w in rng.choice(_WORDS, int(rng.integers(24, 60)))]
    return [*words[:6], *evil, *words[6:]]


def _rotated(name: str, text: str) -> str:
    if "upper" in name:
        return text.upper()
    if "json" in name:
        return f'{{"message": "{text}"}}'
    if "leet" in name:
        return text.translate(str.maketrans("aeios", "43105"))
    if "reverse" in name:
        return " ".join(reversed(text.split()))
    return text if "identity" in name or "reseed" in name else f"Suppose somebody asked: {text}"


def _walk(tokens: int, voices: int, speaker: int, lost: bool, rng: np.random.Generator) -> np.ndarray:
    drift = np.zeros(voices)
    drift[speaker] = 0.0 if lost else 0.35
    evidence = np.cumsum(rng.normal(drift, 0.5, (tokens, voices)), axis=0)
    evidence -= evidence.max(1, keepdims=True) if tokens else 0.0
    weight = np.exp(evidence)
    return weight / weight.sum(1, keepdims=True)


def _value(figure: Json) -> float:
    value = figure.get("value") if isinstance(figure, dict) else None
    return value if isinstance(value, float) else 1.0

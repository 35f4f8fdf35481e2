"""Replies as a person reads them: who was heard in each, and how that grew token by token.

What the tables hold is what was measured; what a reply is taken for follows from the calibration of its run, and is
reckoned here anew, for the report and for whoever wants the replies as a table.
"""

from collections.abc import Mapping
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from scipy.special import softmax

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Tables
from mesolens.instruments.face.calibration import NOBODY, OUTCOMES, OWN, calibrated, clean_of, outcomes

TABLE = "face-replies"


def shown(reading: Reading, tables: Tables) -> pa.Table | None:
    """The replies to the angles of a reading, a row each; None where the run has none.

    - `item`: the prompt's name; `prompt` is its message, `rotated` the message as it was asked.
    - `angle`, `seed`: the composition, and which draw it is.
    - `reply`: its text, and `tokens` its tokens.
    - `voices`: for each token, the posterior over voices of the reply so far.
    - `outcome`: own, other, nobody or missing; `voice` is whose the reply would be.
    - `own`, `other`, `nobody`: shares of the reply, which sum to one; null where it is missing.
    - `coherence`: nats a token.
    """
    rows, clean = tables.get(TABLE), tables.get("face-clean")
    if rows is None or clean is None:
        return None
    known = cast(Mapping[str, float], reading.data["calibration"])
    names = [str(name) for name in cast(list[str], reading.data["voices"])]
    listed = [str(cast(Mapping[str, object], row)["angle"]) for row in cast(list[object], reading.data["angles"])]
    rows = rows.filter(pc.is_in(rows["angle"], pa.array(listed, pa.string())))
    there = np.array([length is not None for length in rows["length"].to_pylist()], bool)
    some = rows.filter(pa.array(there))
    totals = np.array(some["totals"].to_pylist(), dtype=float).reshape(len(some), len(names))
    coherence, length = (some[name].to_numpy().astype(float) for name in ("coherence", "length"))
    found = outcomes(totals, coherence, length, calibrated(clean_of(clean), known["alpha"]).clean, known["alpha"])
    posterior = softmax(known["temperature"] * totals, axis=1)
    columns: dict[str, list[object]] = {
        "outcome": [OUTCOMES[each] for each in found],
        "voice": [names[each] for each in totals.argmax(1)],
        "own": np.where(found == NOBODY, 0.0, posterior[:, OWN]).tolist(),
        "other": np.where(found == NOBODY, 0.0, 1 - posterior[:, OWN]).tolist(),
        "nobody": (found == NOBODY).astype(float).tolist(),
        "voices": [grown(np.array(log_p, dtype=float), known["temperature"]) for log_p in some["log_p"].to_pylist()],
    }
    return _joined(rows, there, columns)


def grown(log_p_KT: Float[np.ndarray, "K T"], temperature: float) -> list[list[float]]:
    """The posterior over voices after each token."""
    return softmax(temperature * log_p_KT.cumsum(1), axis=0).T.tolist()


def _joined(rows: pa.Table, there: np.ndarray, columns: Mapping[str, list[object]]) -> pa.Table:
    """The table with columns of those replies that are there, null elsewhere; missing ones say so."""
    kept = rows.select(["item", "angle", "prompt", "rotated", "reply", "tokens", "coherence", "missing"])
    kept = kept.append_column("seed", rows["draw"])
    places = np.cumsum(there) - 1
    for name, values in columns.items():
        filled = [values[place] if known else _LACKS.get(name) for known, place in zip(there, places, strict=True)]
        kept = kept.append_column(name, pa.array(cast("list[float]", filled)))
    return kept


_LACKS = {"outcome": "missing"}
"""What stands in a column where there is no reply; null where nothing is named."""

"""400,000 random leaves in 512 views, grouped: minutes of a clock, and the memory of a process that does nothing else.

Profiles are drawn at random, each of a random size, so that there is nothing to find, and the answer must say so.
`MESOLENS_BENCH_LEAVES` leaves (400000), `MESOLENS_BENCH_VIEWS` views (512).
"""

import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

from benchmarks.row import Row
from mesolens.evidence.consensus import grouped
from mesolens.evidence.pregroup import pregrouped

MINUTES, GIGABYTES = 10.0, 8.0
SMALL = 400
"""Groups of leaves that nearly agree, as an organs' specification has it."""
TRAITS = 4


def rows() -> list[Row]:
    """Minutes, gibibytes at most, and groups found where there are none."""
    child = "from benchmarks.organs_scale import measured; measured()"
    said = subprocess.run([sys.executable, "-c", child], check=True, capture_output=True, text=True).stdout
    found = json.loads(said)
    subject = f"{found['leaves']:,} random leaves, {found['views']} views"
    return [
        Row("organs_scale", subject, "minutes of a clock", found["minutes"], bar=f"≤ {MINUTES:g}",
            holds=found["minutes"] <= MINUTES),
        Row("organs_scale", subject, "GiB at most", found["gib"], bar=f"≤ {GIGABYTES:g}",
            holds=found["gib"] <= GIGABYTES),
        Row("organs_scale", subject, "groups found", found["groups"], bar="= 0", holds=found["groups"] == 0),
    ]  # fmt: skip


def measured() -> None:
    """Group random profiles in this process, and print what that took."""
    leaves, views = (int(os.environ.get(f"MESOLENS_BENCH_{n}", d)) for n, d in (("LEAVES", 400_000), ("VIEWS", 512)))
    rng = np.random.default_rng(0)
    profiles = rng.standard_normal((leaves, views), dtype=np.float32)
    profiles *= rng.exponential(size=(leaves, 1)).astype(np.float32)
    begun = time.monotonic()
    _, sums = pregrouped(profiles, SMALL, 0)
    items, traits = [str(view) for view in range(views)], [str(view % TRAITS) for view in range(views)]
    known = grouped(sums, np.linalg.norm(sums, axis=1), items, traits)
    took = {
        "leaves": leaves,
        "views": views,
        "minutes": (time.monotonic() - begun) / 60,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "groups": known.chosen,
    }
    print(json.dumps(took))

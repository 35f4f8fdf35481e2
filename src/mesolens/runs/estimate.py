"""Time and memory before the work begins: what an instrument says it needs, against what this machine has.

Time is flops over the speed of matrix products, measured here and now for 50 ms. Small models run below that speed, as
they spend their time between the products, so the figure is a floor; the progress bar corrects it from the first shard.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from mesolens.errors import BadInput
from mesolens.evidence.shards import Cost

_SECONDS_OF_TRIAL = 0.05
_SIDE = {"cpu": 384, "cuda": 4096, "mps": 2048}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a piece of work will take: seconds at least, bytes at most beside the weights, and how many are free."""

    seconds: float
    bytes: float
    free: float

    def __str__(self) -> str:
        return f"{_duration(self.seconds)} or more, at most {_size(self.bytes)} of the {_size(self.free)} free"


def estimate(cost: Cost, device: str, dtype: str) -> Estimate:
    """The estimate for `cost` on this machine, in its present state.

    Raises:
        BadInput: it cannot fit into memory.
    """
    found = Estimate(cost.flops / matmul_speed(device, dtype), cost.bytes, free_memory(device))
    if found.bytes > found.free:
        raise BadInput(
            f"this needs {_size(found.bytes)} of memory on {device} and {_size(found.free)} are free: "
            "shorten the prompts, or use a machine with more"
        )
    return found


def matmul_speed(device: str, dtype: str) -> float:
    """Floating-point operations a second of a square matrix product, measured for 50 ms."""
    side = _SIDE[torch.device(device).type]
    square = torch.ones(side, side, device=device, dtype=getattr(torch, dtype.removeprefix("torch.")))
    _ = square @ square
    rounds, begin = 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < _SECONDS_OF_TRIAL:
        (square @ square)[0, 0].item()  # waits for an accelerator to finish
        rounds += 1
    return 2 * side**3 * rounds / spent


def free_memory(device: str) -> float:
    """Bytes that are free on `device`; on the CPU within the limit of this process's container, if it has one."""
    if torch.device(device).type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return min(float(psutil.virtual_memory().available), _container_free(Path("/sys/fs/cgroup")))


def _container_free(root: Path) -> float:
    """What is left of the control group's limit (version 2, then version 1); infinite where there is none."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            return max(0.0, float((root / limit).read_text()) - float((root / used).read_text()))
        except (OSError, ValueError):  # no such file, or the word `max`
            continue
    return float("inf")


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

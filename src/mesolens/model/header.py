"""The header of a safetensors file, checked before any library opens the file.

A safetensors file is 8 bytes with the header's length, a JSON header that gives each tensor's type, shape and byte
range, and the bytes. Reading the header costs nothing and finds what is truncated, overlaps or lies
(format: https://github.com/huggingface/safetensors#format).
"""

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import cast

from mesolens.errors import BadInput
from mesolens.hostile import printable

LONGEST_HEADER = 100_000_000
BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("BOOL", "I8", "U8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}


def read_header(path: Path) -> dict[str, tuple[int, int]]:
    """Each tensor's byte range in a safetensors file, from its header alone.

    Raises:
        BadInput: the file is truncated, longer than its tensors, or its header contradicts itself.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(LONGEST_HEADER, size - 8):
            raise _damaged(path, f"a header of {length:,} bytes cannot be in a file of {size:,}")
        raw = file.read(length)
    try:
        header = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as problem:
        raise _damaged(path, f"its header is not JSON ({problem})") from None
    if not isinstance(header, dict):
        raise _damaged(path, "its header is not a JSON object")
    entries = cast(dict[str, object], header)
    ranges = {name: _range(path, name, entry) for name, entry in entries.items() if name != "__metadata__"}
    _check_ranges(path, ranges, size - 8 - length)
    return ranges


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _range(path: Path, name: str, entry: object) -> tuple[int, int]:
    fields = cast(Mapping[str, object], entry) if isinstance(entry, dict) else {}
    kind, shape, ends = fields.get("dtype"), fields.get("shape"), fields.get("data_offsets")
    bits = BITS.get(kind) if isinstance(kind, str) else None
    if bits is None or not _counts(shape) or not _counts(ends) or len(cast(list[int], ends)) != 2:
        raise _damaged(path, f"tensor {printable(name, 80)} has no usable dtype, shape and data_offsets")
    begin, end = cast(list[int], ends)
    needed = math.prod(cast(list[int], shape)) * bits
    if (end - begin) * 8 != needed:
        what = f"tensor {printable(name, 80)} of shape {shape} needs {needed / 8:,.0f} bytes and has {end - begin:,}"
        raise _damaged(path, what)
    return begin, end


def _counts(value: object) -> bool:
    return isinstance(value, list) and all(type(n) is int and 0 <= n < 2**48 for n in cast(list[object], value))


def _check_ranges(path: Path, ranges: Mapping[str, tuple[int, int]], size: int) -> None:
    ordered = sorted((*place, name) for name, place in ranges.items())
    for (_, before, one), (start, _, other) in pairwise(ordered):
        if start != before:
            how = "overlaps with" if start < before else "leaves a gap after"
            raise _damaged(
                path, f"tensor {printable(other, 80)} {how} {printable(one, 80)} ({start:,} after {before:,})"
            )
    if ordered and ordered[0][0] != 0:
        raise _damaged(path, f"its first tensor begins at byte {ordered[0][0]:,} and not at 0")
    end = ordered[-1][1] if ordered else 0
    if end != size:
        raise _damaged(path, f"its tensors take {end:,} bytes and the file holds {size:,}")


def _damaged(path: Path, what: str) -> BadInput:
    return BadInput(f"{printable(str(path))} is damaged: {what}; download or save it again")

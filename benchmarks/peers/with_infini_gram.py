"""infini-gram's own engine on the same files: counts, and the CPU time of them. Runs as a program of its own.

    python with_infini_gram.py INDEX u16|u32 QUERIES.npy COUNTS.npy

It stands in a Python of its own (`MESOLENS_INFINI_GRAM`, with `pip install infini-gram`), so nothing here is imported
but numpy and the peer. Prints the microseconds of process CPU time for each query.
"""

import sys
import time
from importlib import import_module
from typing import Any


def main(folder: str, kind: str, queries: str, counts: str) -> None:
    """Count the rows of an array, one call each: the engine has no call for many."""
    np: Any = import_module("numpy")
    engine: Any = import_module("infini_gram.engine").InfiniGramEngine
    vocabulary = {"u16": 65535, "u32": 2**32 - 1}[kind]
    peer = engine(folder, eos_token_id=0, token_dtype=kind, vocab_size=vocabulary, version=4)
    rows = np.load(queries).tolist()
    begin = time.process_time()
    found = [peer.count(row)["count"] for row in rows]
    spent = time.process_time() - begin
    np.save(counts, np.array(found, np.int64))
    print(1e6 * spent / len(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])

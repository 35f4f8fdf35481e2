"""Which code does the work: NumPy, or the same compiled by numba where the extra `fast` is installed.

Both give the same numbers; the tests hold them to each other.
"""

from importlib.util import find_spec

import numpy as np
from jaxtyping import Int

from mesolens.corpus.index import search, sorting
from mesolens.corpus.index.shard import Indices, Shard


def chosen(fast: bool | None) -> bool:
    """Whether numba does the work: where it was asked for, or nothing was and it can be had."""
    return find_spec("numba") is not None if fast is None else fast


def sort(text: Indices, fast: bool | None = None) -> Indices:
    """The order of a text's suffixes; `fast` asks for numba or NumPy, None for the better of what is there."""
    if chosen(fast):
        from mesolens.corpus.index import fast_sorting

        return fast_sorting.suffix_array(text)
    return sorting.suffix_array(text)


def find(
    shard: Shard, ids_QT: Int[np.ndarray, "Q T"], lengths: Int[np.ndarray, " Q"], fast: bool | None = None
) -> search.Ranges:
    """The ranges of n-grams, as :func:`mesolens.corpus.index.search.find`."""
    if chosen(fast):
        from mesolens.corpus.index import fast_search

        return fast_search.find(shard, ids_QT, lengths)
    return search.find(shard, ids_QT, lengths)


def extensions(shard: Shard, text: Int[np.ndarray, " T"], longest: int, fast: bool | None = None) -> search.Ranges:
    """The ranges of all n-grams of a text, as :func:`mesolens.corpus.index.search.extensions`."""
    if chosen(fast):
        from mesolens.corpus.index import fast_search

        return fast_search.extensions(shard, text, longest)
    return search.extensions(shard, text, longest)


def counted(
    shard: Shard, text: Int[np.ndarray, " T"], longest: int, fast: bool | None = None
) -> tuple[Int[np.ndarray, "T N"], Int[np.ndarray, "T N"]]:
    """How often each of a text's n-grams occurs and ends a document: :func:`mesolens.corpus.index.search.counted`."""
    if chosen(fast):
        from mesolens.corpus.index import fast_search

        return fast_search.counted(shard, text, longest)
    return search.counted(shard, text, longest)

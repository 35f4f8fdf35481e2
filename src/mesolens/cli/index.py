"""`mesolens index`: build an index of a corpus, and count in it."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.cli.index_texts import Texts
    from mesolens.corpus.index.header import Header, Plan
    from mesolens.corpus.index.opened import Index
    from mesolens.corpus.sources import Sources
    from mesolens.model.loaded import LoadedModel
    from mesolens.runs.settings import Settings

_SORTING = 0.3e-6
"""Seconds for each token, as `benchmarks/index_counts.py` measures them."""
_LOOK = 100_000
"""Characters of a document that the estimate reads."""
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@click.group()
def index() -> None:
    """Build an index of a corpus, count in it, and prove it."""


@index.command()
@click.argument("texts", nargs=-1, required=True, metavar="TEXT…")
@click.option("--model", metavar="MODEL", required=True, help="The model whose tokenizer cuts the text.")
@click.option("--name", metavar="TEXT", help="What the corpus is called (its first TEXT).")
@click.option("--field", metavar="NAME", default="text", help="Where JSON Lines and tables have the text (text).")
@click.option("--cut", metavar="N", type=int, help="Cut text files into pieces of N characters (4000; 0: do not).")
@click.option("--memory", metavar="SIZE", default="1GB", help="What sorting may take, as 500MB or 8GB (1GB).")
@common
def build(
    texts: tuple[str, ...], model: str, name: str | None, field: str, cut: int | None, memory: str, **others: object
) -> None:
    """Index TEXT: text files, JSON Lines, Parquet, `datasets` folders, folders of these, or slide:NAME.

    The index is written into --out. It counts any n-gram of MODEL's tokens exactly. Text files are cut at blank lines
    into pieces, each a document. Stopped at any moment, the same command goes on after the last part that was finished.
    """
    found = settings(others)

    from mesolens.cli.index_texts import texts_of
    from mesolens.cli.opening import open_model
    from mesolens.cli.terminal import data, show
    from mesolens.corpus.cutting import CUT
    from mesolens.corpus.index.building import shard_tokens
    from mesolens.corpus.index.header import Plan
    from mesolens.corpus.tokenizing import entries
    from mesolens.errors import BadInput

    budget = shard_tokens(_size(memory))
    if found.out is None:
        raise BadInput("an index is kept: say in which folder, with --out DIR")
    most = CUT if cut is None else cut
    if most < 0:
        raise BadInput(f"--cut is {most}; give the characters of a piece, or 0 to leave text files whole")
    read = texts_of(texts, field, most)
    loaded = open_model(model, found)
    if loaded.tokenizer is None:
        raise BadInput(f"{loaded.card.name} has no tokenizer, so text cannot be cut; give another --model")
    vocabulary = max(loaded.card.vocabulary, entries(loaded.tokenizer))
    plan = Plan(name or texts[0], loaded.card.tokenizer_hash, vocabulary, read.sources, budget)
    header = _built(read, loaded, found.out, plan, found, most)
    if found.json:
        data(_facts(header, found.out))
    else:
        show([f"{key:<11}{value}" for key, value in _facts(header, found.out).items()])


@index.command()
@click.argument("folder", metavar="INDEX")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT…")
@click.option("--model", metavar="MODEL", required=True, help="The model that the index was built for.")
@click.option("--without", type=int, metavar="N", help="Leave document N out.")
@click.option("--most", type=int, default=5, metavar="N", help="Name up to so many documents for each TEXT (5).")
@common
def count(folder: str, texts: tuple[str, ...], model: str, without: int | None, most: int, **others: object) -> None:
    """Count how often each TEXT occurs in INDEX, what follows it most, and in which documents it stands."""
    found = settings(others)

    from mesolens.cli.opening import open_model
    from mesolens.cli.terminal import data, table
    from mesolens.corpus import sources
    from mesolens.corpus.index.opening import open_index

    loaded = open_model(model, found)
    opened = open_index(Path(folder), loaded.card.tokenizer_hash)
    named = sources.read(Path(folder)) or sources.Sources((), (0,))
    rows = [_counted(opened, loaded, named, text, most, without) for text in texts]
    if found.json:
        data(rows)
        return
    cells = [(row["text"], row["tokens"], row["count"], _nexts(row["next"]), _places(row["documents"])) for row in rows]
    table(("text", "tokens", "count", "next", "documents"), cells)


@index.command()
@click.argument("folder", metavar="INDEX")
@common
def show(folder: str, **others: object) -> None:
    """Say what INDEX holds: documents, tokens, whose tokenizer, from how many files, and how text files were cut."""
    found = settings(others)

    from mesolens.cli.terminal import data, show
    from mesolens.corpus.index.header import read_header

    facts = _facts(read_header(Path(folder)), Path(folder))
    data(facts) if found.json else show([f"{key:<11}{value}" for key, value in facts.items()])


@index.command()
@click.argument("folder", metavar="INDEX")
@common
def verify(folder: str, **others: object) -> None:
    """Read all of INDEX: digests, borders of documents, and the order of its suffixes."""
    found = settings(others)

    from mesolens.cli.terminal import data, show
    from mesolens.corpus.index import opening
    from mesolens.errors import CheckFailed

    wrong = opening.verify(Path(folder))
    if wrong:
        raise CheckFailed(f"the index {folder} is damaged: {'; '.join(wrong[:3])}; build it again")
    data({"index": folder, "wrong": []}) if found.json else show([f"{folder} is as it was written"])


def _size(text: str) -> int:
    from mesolens.errors import BadInput
    from mesolens.hostile import printable

    number = text.removesuffix("B")
    unit = number[-1:] if number[-1:] in _UNITS else ""
    try:
        return int(float(number.removesuffix(unit)) * _UNITS[unit])
    except (ValueError, OverflowError):
        raise BadInput(f"--memory {printable(text, 40)} is no size; give one as 500MB or 8GB") from None


def _built(read: "Texts", loaded: "LoadedModel", out: Path, plan: "Plan", found: "Settings", cut: int) -> "Header":
    from itertools import islice

    from mesolens.cli.terminal import tell
    from mesolens.corpus import sources
    from mesolens.corpus.index.building import build
    from mesolens.corpus.tokenizing import tokenised
    from mesolens.runs.progress import reporter

    tokenizer = loaded.tokenizer
    assert tokenizer is not None
    tokens = 0
    if not (out / "index.json").is_file():
        tokens, seconds = _estimated(read, loaded)
        size = (plan.token_bytes + 5.1) * tokens / 1e6
        tell(f"about {tokens / 1e6:.2g}M tokens: {seconds:.2g} s or more, and {size:.2g} MB of disk")
    counted = sources.Counted(cut)
    with reporter(as_json=found.json)("tokens read and sorted", 2 * tokens, 0) as advance:
        header = build(
            lambda first: tokenised(tokenizer, islice(counted.passing(read.documents()), first, None)),
            out,
            plan,
            lambda what, more: advance(more),
        )
    if sources.read(out) is None:
        if not counted.paths:  # stopped between the index and this
            deque(counted.passing(read.documents()), maxlen=0)
        sources.write(counted.found(), out)
    return header


def _estimated(read: "Texts", loaded: "LoadedModel") -> tuple[int, float]:
    """About how many tokens the text has, and how many seconds reading and sorting them takes."""
    import time
    from itertools import islice

    from mesolens.corpus.tokenizing import tokenised

    assert loaded.tokenizer is not None
    texts = [text[:_LOOK] for _, text in islice(read.documents(), 64)]
    begin = time.perf_counter()
    tokens = sum(map(len, tokenised(loaded.tokenizer, texts)))
    each = (time.perf_counter() - begin) / max(1, tokens) + _SORTING
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    whole = read.tokens + int(tokens * read.bytes / max(1, size))
    return whole, each * whole


def _facts(header: "Header", out: Path) -> dict[str, object]:
    return {
        "index": str(out),
        "name": header.plan.name,
        "documents": header.documents,
        "tokens": header.tokens,
        "vocabulary": header.plan.vocabulary,
        "tokenizer": header.plan.tokenizer,
        "shards": len(header.parts),
        "bytes": sum(size for part in header.parts for size in part.sizes.values()),
        **_sources(out),
    }


def _sources(out: Path) -> dict[str, object]:
    """From how many files the documents are, and how text files were cut; nothing of an index that does not say."""
    from mesolens.corpus import sources

    found = sources.read(out)
    return {} if found is None else {"files": len(found.names), "cut": found.cut}


def _counted(
    opened: "Index", loaded: "LoadedModel", named: "Sources", text: str, most: int, without: int | None
) -> dict[str, object]:
    from mesolens.errors import BadInput
    from mesolens.model.chat import token_texts

    tokenizer = loaded.tokenizer
    ids = [] if tokenizer is None else [int(each) for each in tokenizer(text, add_special_tokens=False)["input_ids"]]
    if not ids:
        raise BadInput("an empty TEXT stands everywhere; give some words")
    ((tokens, counts),) = opened.following([ids], without)
    best = sorted(zip(counts.tolist(), tokens.tolist(), strict=True), reverse=True)[:most]
    return {
        "text": text,
        "tokens": len(ids),
        "count": int(opened.count([ids], without)[0]),
        "next": {token_texts(tokenizer, [token])[0]: times for times, token in best},
        "documents": [
            {
                "number": place.document,
                "source": named.of(place.document),
                "times": place.times,
                "snippet": _snippet(opened, loaded, place, len(ids)),
            }
            for place in opened.places(ids, most, without)
        ],
    }


def _snippet(opened: "Index", loaded: "LoadedModel", place: tuple[int, int, int], length: int) -> str:
    from mesolens.model.chat import token_texts

    number, _, first = place
    ids = opened.document(number)[max(0, first - 8) : first + length + 8].tolist()
    return "".join(token_texts(loaded.tokenizer, ids))


def _nexts(following: object) -> str:
    assert isinstance(following, dict)
    return ", ".join(f"{token!r} {times}" for token, times in following.items())


def _places(documents: object) -> str:
    assert isinstance(documents, Sequence)
    return ", ".join(
        f"{each['number']} ({each['source'] + ', ' if each['source'] else ''}{each['times']} times)"
        for each in documents
    )

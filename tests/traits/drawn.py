"""Voices, statements and whole packs at random, as plain data.

They are drawn as data and built in the test: what checks types at run time takes random samples of lists, and a
strategy must not.
"""

from hypothesis import strategies as st

from mesolens.evidence.shards import Json

Pairs = list[tuple[str, str]]
StatementParts = tuple[str, tuple[str, str], str, tuple[str, ...]]

written = st.characters(exclude_categories=["Cs"])
names = st.text(st.sampled_from("abcxyzäß 09-_/.é\"\\'#="), min_size=1, max_size=12).filter(lambda n: n == n.strip())
texts = st.text(written, min_size=1, max_size=30).filter(lambda text: bool(text.strip()))
leaves = st.text(written, max_size=8) | st.integers() | st.booleans()
values = leaves | st.floats(allow_nan=False) | st.lists(leaves, max_size=3)
options = st.lists(
    st.text("abé?. x", min_size=1, max_size=6).map(str.strip).filter(bool), min_size=2, max_size=7, unique=True
)


def distinct(what: st.SearchStrategy[str], least: int, most: int) -> st.SearchStrategy[list[str]]:
    """Different texts."""
    return st.lists(what, min_size=least, max_size=most, unique=True)


@st.composite
def voices(draw: st.DrawFn) -> Pairs:
    """Names and roles of a bank, whose first voice is the own one or not."""
    named = draw(distinct(names, 2, 4))
    roles = draw(distinct(texts, len(named), len(named)))
    if draw(st.booleans()):
        roles[0] = ""
    return list(zip(named, roles, strict=True))


@st.composite
def statements(draw: st.DrawFn) -> StatementParts:
    """A bare yes or no, an offered one, or a choice between lettered options."""
    yes_no = draw(st.sampled_from([(" Yes", " No"), (" No", " Yes")]))
    kind = draw(st.sampled_from(["bare", "offered", "lettered"]))
    if kind == "bare":
        return draw(texts), yes_no, draw(texts), ()
    if kind == "offered":
        return draw(texts), yes_no, f"{draw(texts)} Say No or Yes!", ("No", "Yes")
    offered = draw(options)
    lines = "".join(f" ({'ABCDEFG'[place]}) {option}\n" for place, option in enumerate(offered))
    first, second, *_ = draw(st.permutations(range(len(offered))))
    matching = (f" ({'ABCDEFG'[first]})", f" ({'ABCDEFG'[second]})")
    return draw(texts), matching, f"Which?\n\nChoices:\n{lines}\nAnswer:", tuple(offered)


@st.composite
def _statement_tables(draw: st.DrawFn) -> dict[str, Json]:
    if draw(st.booleans()):
        return {"text": draw(texts), "answer": draw(st.sampled_from(["Yes", "No"]))}
    text, matching, question, offered = draw(statements())
    table: dict[str, Json] = {"text": text, "matching": list(matching), "question": question}
    return table | {"options": list(offered)} if offered else table


@st.composite
def _trait_tables(draw: st.DrawFn, name: str) -> dict[str, Json]:
    orders = draw(distinct(texts, 2, 4))
    ordered: dict[str, Json] = {"orders": [orders[:1], orders[1:]]}
    reported: dict[str, Json] = {"statements": draw(st.lists(_statement_tables(), min_size=1, max_size=3))}
    asked = draw(st.sampled_from([ordered, reported, ordered | reported]))
    return {"name": name, "about": draw(texts), "poles": list(draw(distinct(names, 2, 2)))} | asked


@st.composite
def _prompt_tables(draw: st.DrawFn, name: str, text: str) -> dict[str, Json]:
    start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    table: dict[str, Json] = {"id": name, "register": draw(names), "text": text, "core": text[start:end]}
    return table | {"system": draw(texts)} if draw(st.booleans()) else table


@st.composite
def packs(draw: st.DrawFn) -> dict[str, Json]:
    """The table of a pack file that may hold anything that one may hold."""
    asked = draw(distinct(texts.map(str.strip), 4, 4))
    return {
        "format": 1,
        "name": draw(names),
        "about": draw(st.text(written, max_size=9)),
        "voice": [{"name": name, "role": role} for name, role in draw(voices())],
        "trait": [draw(_trait_tables(name)) for name in draw(distinct(names, 0, 2))],
        "prompt": [draw(_prompt_tables(name, asked.pop())) for name in draw(distinct(names, 1, 4))],
        "angle": [
            draw(st.dictionaries(names, values, max_size=3)) | {"name": name} for name in draw(distinct(names, 0, 2))
        ],
    }

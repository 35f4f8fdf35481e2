"""The tree in Python: its rows are those of the reading and the run, and a notebook shows it."""

import sys

import pandas as pd
import pyarrow as pa
import pytest

import mesolens.api as ml
from mesolens.errors import BadInput
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.report.synthetic import Shape, make_run


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> ml.Tree:
    store = Store(make_run(tmp_path_factory.mktemp("run"), Shape(layers=2, heads=3, neurons=6, items=5)))
    return ml.Tree(readings(store)["middle"], store.tables("middle"))


def test_rows_are_the_nodes_and_the_tables(tree: ml.Tree) -> None:
    assert tree.table(arrow=True).to_pylist() == [node.to_json() for node in tree.nodes]
    for name, rows in tree.tables.items():
        assert tree.table(name.removeprefix("middle-"), arrow=True) is rows


def test_pandas_shows_the_same_rows_where_it_is_installed(tree: ml.Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nodes", "leaves", "items"):
        frame, rows = tree.table(name), tree.table(name, arrow=True)
        assert isinstance(frame, pd.DataFrame)
        pd.testing.assert_frame_equal(frame, rows.to_pandas())
    model = tree.table().set_index("site").loc["model"]
    assert model["share"] == tree.nodes[0].share
    assert model["parent"] is None or pd.isna(model["parent"])
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert isinstance(tree.table(), pa.Table)


def test_a_table_that_is_not_there_is_refused_with_those_that_are(tree: ml.Tree) -> None:
    with pytest.raises(BadInput, match=r"no table 'heads\\x1b'; it has nodes, .*items, leaves"):
        tree.table("heads\x1b")


def test_a_notebook_shows_the_page_and_the_figures(tree: ml.Tree) -> None:
    shown = tree._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts" ')
    assert tree.reading._repr_html_() in shown

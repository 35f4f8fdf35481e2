"""Python's side: a tree's and a face's rows are those of the reading and the run, and a notebook shows them."""

import sys
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest

import mesolens.api as ml
from mesolens.api import faces
from mesolens.errors import BadInput
from mesolens.instruments.face import read
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from mesolens.slides.facepack import face_pack
from mesolens.traits.facepack import FacePack
from mesolens.traits.voices import Bank
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


@pytest.fixture(scope="module")
def model() -> ml.LoadedModel:
    return ml.load("slide:mask-small")


@pytest.fixture(scope="module")
def pack() -> FacePack:
    whole = face_pack()
    return replace(whole, prompts=whole.prompts[:36], bank=Bank(whole.bank.voices[:3]), traits=whole.traits[2:3])


@pytest.fixture(scope="module")
def face(model: ml.LoadedModel, pack: FacePack) -> ml.Face:
    return ml.face(model, pack=pack, angles=["bell", "hour-midnight"], temperature=0.8)


def test_a_face_is_looked_at_in_one_call(face: ml.Face) -> None:
    assert face.verdict == face.reading.verdict == "breaks"
    assert [row["angle"] for row in face.angles] == ["identity", "bell", "hour-midnight"]
    assert [row["angle"] for row in face.angles if row["called"]] == ["hour-midnight"]
    assert face.to_json() == dict(face.reading.data)
    assert face.to_json()["voices"] == ["wren", "bryn", "oskar"]
    assert "temperature 0.8" in str(face.reading.protocol["replies"])


def test_every_reply_is_a_row_with_who_was_heard_in_it(face: ml.Face) -> None:
    rows = face.replies(arrow=True)
    assert rows.num_rows == 3 * 12
    assert set(rows["outcome"].to_pylist()) <= {"own", "other", "nobody"}
    pd.testing.assert_frame_equal(face.replies(), rows.to_pandas())
    listed = {str(row["angle"]): row for row in face.angles}
    for angle in listed:
        heard = [row["outcome"] for row in rows.to_pylist() if row["angle"] == angle]
        assert listed[angle]["raw"] == pytest.approx([heard.count(kind) / 12 for kind in ("own", "other", "nobody")])


def test_a_notebook_shows_a_face(face: ml.Face) -> None:
    shown = face._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts" ')
    assert face.reading._repr_html_() in shown


def test_a_look_under_ones_own_specification_is_the_same_work(
    face: ml.Face, model: ml.LoadedModel, pack: FacePack
) -> None:
    from mesolens.instruments.face import face_spec

    spec = face_spec(pack, budget="quick", angles=["bell", "hour-midnight"], temperature=0.8)
    assert read(face.tables, spec, model.card) == face.reading


def test_what_nobody_can_be_asked_is_refused_before_any_work(model: ml.LoadedModel, pack: FacePack) -> None:
    with pytest.raises(BadInput, match="'bel' is no angle: did you mean bell"):
        ml.face(model, pack=pack, angles=["bel"])
    with pytest.raises(BadInput, match="no budget is called 'lavish'"):
        ml.face(model, pack=pack, budget="lavish")
    with pytest.raises(BadInput, match="29 prompts; the face needs 30"):
        ml.face(model, pack=replace(pack, prompts=pack.prompts[:29]))
    with pytest.raises(BadInput, match="1 models have nobody to be compared with"):
        ml.twins([model])


def test_a_slide_brings_its_own_pack_and_any_other_model_gets_the_default_one(model: ml.LoadedModel) -> None:
    other = replace(model, card=replace(model.card, name="/models/slide"))
    assert faces._pack_of(model) == face_pack()
    assert faces._pack_of(other).name != face_pack().name


@pytest.mark.slow
def test_twins_keep_their_replies_by_model(model: ml.LoadedModel, pack: FacePack) -> None:
    both = ml.twins([model, ml.load("slide:mask-twin-a")], pack=pack, angles=["bell"])
    assert both.verdict in ("one face", "split", "strangers")
    assert set(both.tables) == {"twins-clean", "twins-replies", "twins-states", "twins-axis"}
    with pytest.raises(BadInput, match="no replies of one model"):
        both.replies()

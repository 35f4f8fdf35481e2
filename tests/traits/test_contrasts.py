"""Contrast files: what is accepted, what is refused and how it is said."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.traits import packs
from mesolens.traits.contrasts import Contrast, contrast_from, read_contrasts

texts = st.text(max_size=12)
ids = st.lists(st.integers(0, 99), max_size=5)
chats = st.lists(st.fixed_dictionaries({"role": texts, "content": texts}), min_size=1, max_size=3)


@given(clean=texts | chats, reference=st.none() | texts | chats, target=texts, foil=st.none() | texts, template=texts)
def test_fields_arrive_as_they_were_written(
    clean: object, reference: object, target: str, foil: str | None, template: str
) -> None:
    item = {"clean": clean, "reference": reference, "target": target, "foil": foil, "template": template, "x": 1}
    found = contrast_from(json.loads(json.dumps(item)), "here")
    expected = [tuple(side) if isinstance(side, list) else side for side in (clean, reference)]
    assert found == Contrast(expected[0], expected[1], target, foil, template)


@given(clean=ids, target=ids, foil=ids)
def test_ids_stay_ids(clean: list[int], target: list[int], foil: list[int]) -> None:
    found = contrast_from({"clean_ids": clean, "target_ids": target, "foil_ids": foil}, "here")
    assert (found.clean, found.target, found.foil) == (tuple(clean), tuple(target), tuple(foil))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "a contrast is a JSON object, not list"),
        ('{"target": "a"}', "no `clean`"),
        ('{"clean": "a"}', "no `target`"),
        ('{"clean": "a", "clean_ids": [1], "target": "b"}', "both `clean` and `clean_ids`"),
        ('{"clean": 3, "target": "b"}', "`clean` must be"),
        ('{"clean_ids": "3", "target": "b"}', "`clean_ids` must be a list"),
        ('{"clean_ids": [-1], "target": "b"}', "`clean` must be text or token ids"),
        ('{"clean": [{"role": "user"}], "target": "b"}', "needs a text `role` and a text `content`"),
        ('{"clean": "a", "target": ["b"]}', "`target` must be"),
        ('{"clean": "a", "target": "b", "id": 7}', "`id` must be text"),
    ],
)
def test_a_line_that_is_no_contrast_is_refused_by_number(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "pack.jsonl"
    file.write_text('{"clean": "a", "target": "b"}\n\n' + line + "\n", "utf-8")
    with pytest.raises(BadInput) as problem:
        read_contrasts(file)
    assert said in str(problem.value)
    assert "pack.jsonl:3" in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe"])
def test_a_file_without_contrasts_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pack.jsonl"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"pack\.jsonl"):
        read_contrasts(file)
    with pytest.raises(BadInput, match="No such file"):
        read_contrasts(tmp_path / "missing.jsonl")


def test_the_default_pack_has_names_templates_and_two_different_answers() -> None:
    pack = packs.default()
    assert len({contrast.id for contrast in pack}) == len(pack) == 48
    assert len({contrast.template for contrast in pack}) == 12
    assert all(contrast.target != contrast.foil and contrast.clean != contrast.reference for contrast in pack)
    assert {isinstance(contrast.clean, str) for contrast in pack} == {True, False}

"""Sites: every place has one text, and nothing but such a text is read."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.model.sites import EMBED, MODEL, UNEMBED, Leaf, Site, parent_of, parse

numbers = st.integers(0, 10**6)
writers = st.sampled_from(["attn", "mlp", "ssm", "moe", "mlpb", "attnb"])


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """Any well-formed site."""
    fields: dict[str, object] = {}
    if draw(st.booleans()):
        fields["whole"] = draw(st.sampled_from(["model", "embed", "unembed"]))
    else:
        fields["layer"] = draw(numbers)
        if draw(st.booleans()):
            fields["writer"] = draw(writers)
            fields["leaf"] = draw(st.sampled_from([None, *get_args(Leaf)]))
            fields["index"] = draw(numbers) if fields["leaf"] in ("h", "n", "g") else None
    if draw(st.booleans()):
        fields |= {"token": draw(numbers), "from_reference": draw(st.booleans())}
    return Site(**fields)


@given(sites())
def test_a_site_is_what_its_text_says(site: Site) -> None:
    assert parse(str(site)) == site


@given(sites(), sites())
def test_two_sites_never_share_a_text(one: Site, other: Site) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(st.one_of(st.text(), st.from_regex(r"[ L0-9a-z.@+\-_\n]{0,16}"), sites().map(lambda s: f" {s}")))
def test_a_text_that_is_read_is_printed_back_unchanged(text: str) -> None:
    try:
        site = parse(text)
    except ValueError:
        return
    assert str(site) == text


HOSTILE = [
    "",
    "L",
    "l3",
    "L03",
    "L-1",
    "L+1",
    "L1 ",
    " L1",
    "L1\n",
    "L١",
    "L1.",
    "L1..h1",
    "L1.attn.",
    "L1.attn.h",
    "L1.attn.h01",
    "L1.attn.bias1",
    "L1.attn.rest@",
    "L1.attn.x3",
    "L1.Attn",
    "L1.attn.h1@r",
    "L1.attn.h1@R5",
    "L1.attn.h1@5@6",
    "L1@-5",
    "model.L1",
    "models",
    "embed.h1",
    "embed@05",
    "L1.attn.h1\u202e",
    "L1_0",
    "L1e3",
    "../L1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_near_misses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no site"):
        parse(text)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"layer": -1},
        {"whole": "model", "layer": 1},
        {"layer": 1, "leaf": "h", "index": 1},
        {"layer": 1, "writer": "attn", "leaf": "h"},
        {"layer": 1, "writer": "attn", "index": 3},
        {"layer": 1, "writer": "attn", "leaf": "bias", "index": 3},
        {"layer": 1, "from_reference": True},
        {"layer": 1, "writer": "attn.h1"},
        {"layer": 1, "writer": ""},
        {"layer": True, "writer": "attn"},
        {"layer": 1, "token": -1},
    ],
)
def test_fields_that_name_no_place_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Site(**fields)


@given(sites())
def test_parents_lead_to_the_model_and_lose_one_part_each(site: Site) -> None:
    steps = 0
    while (above := site.parent()) is not None:
        assert str(site).startswith(str(above)) or above == MODEL
        site, steps = above, steps + 1
    assert site == MODEL
    assert steps <= 4


@given(sites())
def test_a_text_leads_to_the_same_parent_as_its_site(site: Site) -> None:
    above = site.parent()
    assert parent_of(str(site)) == (None if above is None else str(above))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_names_no_site_has_no_parent(text: str) -> None:
    with pytest.raises(ValueError):
        parent_of(text)


def test_the_named_wholes_print_as_themselves() -> None:
    assert [str(site) for site in (MODEL, EMBED, UNEMBED)] == ["model", "embed", "unembed"]

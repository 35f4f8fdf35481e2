"""What is read of programs: tokens of JavaScript, canaries that differ where they must, and constraints."""

import ast
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.instruments.quine.constraints import broken
from mesolens.instruments.quine.facts import Facts, likeness
from mesolens.instruments.quine.families import texts
from mesolens.instruments.quine.inside.python_canary import edited, renamable
from mesolens.instruments.quine.inside.python_facts import shape
from mesolens.instruments.quine.javascript_reading import read_javascript
from mesolens.instruments.quine.javascript_tokens import NotJavaScript, tokens
from mesolens.instruments.quine.ladder import RUNGS, items
from tests.instruments.quines import solved


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a / b / c", "name mark name mark name"),
        ("x = /a[/]b/g.test(y)", "name mark regex mark name mark name mark"),
        ("return /x/", "keyword regex"),
        ("if (a) /x'/ .b", "keyword mark name mark regex mark name"),
        ("(a) / 2", "mark name mark mark number"),
        ("`a${b}c${`d${e}`}f`", "template name template template name template template"),
        ("'it\\'s' + \"\\\"\"", "string mark string"),
        ("a/*b*/c//d", "name comment name comment"),
        ("0x1F + .5e-3 + 10n", "number mark number mark number"),
        ("x=>({...y})", "name mark mark mark mark name mark mark"),
        ("$_ = Ünïcode", "name mark name"),
    ],
)
def test_javascript_is_cut(text: str, kinds: str) -> None:
    found = tokens(text)
    assert "".join(token.text for token in found) == text
    assert " ".join(token.kind for token in found if token.kind != "space") == kinds


@pytest.mark.parametrize("text", ["'a", '"a\n"', "`a${b`", "/* a", "/a", "a = \u2042"])
def test_what_does_not_end_is_no_javascript(text: str) -> None:
    with pytest.raises(NotJavaScript):
        tokens(text)


@given(st.text(st.sampled_from("ab1 '\"`${}()/*=>;.,\n\\[]+"), max_size=60))
def test_tokens_are_the_text_or_it_is_refused(text: str) -> None:
    try:
        assert "".join(token.text for token in tokens(text)) == text
    except NotJavaScript:
        assert read_javascript(text).facts.error


def literals(text: str) -> list[str]:
    return [token.text for token in tokens(text) if token.kind in ("string", "template", "regex")]


@pytest.mark.parametrize("name", texts("javascript"))
def test_a_script_s_canary_differs_only_outside_literals(name: str) -> None:
    text = texts("javascript")[name].decode()
    for canary in read_javascript(text).canaries:
        assert canary != text
        assert literals(canary) == literals(text)


def test_a_script_s_names_are_others_but_for_properties() -> None:
    text = "let a=1,b={c:a};function f(d){return d.a+b.c}const g=(h,i)=>h;j=2;k=3;({j});x?k:y;console.log(f(g(b)),j)"
    first, second = read_javascript(text).canaries
    names = {token.text for token in tokens(first) if token.kind == "name"}
    assert names & {"f", "d", "g", "h", "i"} == set()
    assert names >= {"a", "c", "j", "k", "console", "log"}
    assert {token.text for token in tokens(second)} >= {"b", "d", "f", "g", "h", "i"}


NAMES = """def f(a, *b, c=1, **d):
    global e
    e = a
    for g in b: pass
    return lambda h: h
import os as i
f(1, c=2).k
"""


def test_names_that_are_reached_otherwise_stay() -> None:
    tree = ast.parse(f"{NAMES}class L:\n    m = 1\nprint = print\nimport sys\ntry: 1\nexcept E as n: 0\n(o := 1)\n")
    assert renamable(tree) == {"f", "a", "b", "d", "e", "g", "h", "i", "L", "n", "o"}


@pytest.mark.parametrize("name", texts("python"))
def test_a_canary_has_other_tables_and_computes_the_same(name: str) -> None:
    source = texts("python")[name]
    plain = compile(source, "x", "exec")
    for renames in (True, False):
        canary = compile(edited(ast.parse(source), "seed", renames), "x", "exec")
        assert set(canary.co_names) - set(plain.co_names)
        texts_of = {value for value in plain.co_consts if isinstance(value, str) and len(value) > 1}
        kept = texts_of & set(canary.co_consts) - {ast.get_docstring(ast.parse(source), clean=False)}
        assert kept == set()
        assert [p for p in canary.co_positions() if p in set(plain.co_positions()) and p[0] not in (0, 1)] == []


@given(st.recursive(st.text(max_size=5) | st.integers() | st.binary(max_size=5) | st.none() | st.booleans(), st.lists))
def test_a_canary_s_literals_have_the_values_of_the_program_s(value: object) -> None:
    source = f"found = {value!r}\n"
    names: dict[str, object] = {}
    exec(compile(edited(ast.parse(source), "seed", False), "x", "exec"), names)
    assert names["found"] == value


@pytest.mark.parametrize(
    "source",
    [
        "x = 3\nfound = f'{x:0{x}d}|{x!r:>5}|a{{b}}'\n",
        "match ('a', 1):\n    case ('a', n): found = n\n    case _: found = 0\n",
        "match -1, {'k': 2}:\n    case [-1, {'k': 1 | 2 as n}]: found = n\n    case 1 + 2j, _: found = 0\n",
        "def f(a='x', *, b=2):\n    'doc'\n    return a, b, f.__doc__\nfound = f()\n",
        "from __future__ import annotations\nclass C:\n    'doc'\n    __slots__ = ()\n    x: 'int' = 1\nfound = C.x\n",
        "found = {'a': b'b', **{'c': [1, -2, 3 ** 2]}}['c'][1:]\n",
        "try:\n    raise ValueError('x')\nexcept ValueError as e:\n    found = e.args\n",
        "found = [y for x in range(3) if x for y in (x, x + 1)]\n",
    ],
)
def test_a_canary_computes_what_the_program_does(source: str) -> None:
    want: dict[str, object] = {}
    exec(source, want)
    tree = edited(ast.parse(source), "seed", True)
    got: dict[str, object] = {}
    exec(compile(tree, "x", "exec"), got)
    assert want["found"] in list(got.values())


@given(st.sampled_from(sorted(texts("python"))), st.sampled_from(sorted(texts("python"))))
def test_likeness_is_a_likeness(one: str, two: str) -> None:
    a, b = (shape(ast.parse(texts("python")[name])) for name in (one, two))
    assert likeness(a, a) == 1
    assert likeness(a, b) == likeness(b, a)
    assert 0 <= likeness(a, b) <= 1


def test_items_are_drawn_by_the_seed_and_share_no_nonce() -> None:
    one, two = items(4, 0), items(4, 1)
    assert one == items(4, 0)
    assert {item.nonce for item in one} & {item.nonce for item in two} == set()
    assert len({item.id for item in one}) == len(one)
    assert {item.rung for item in one} == set(RUNGS)
    for item in one:
        assert item.nonce.split()[-1] in item.prompt


def facts_of(text: str) -> Facts:
    """By another way than the program's own reader: regular expressions over a text without strings."""
    strings = re.findall(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", text)
    bare = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "''", text)
    comments = re.findall(r"#.*|//.*", bare)
    names = frozenset(re.findall(r"[A-Za-z_]\w*", re.sub(r"#.*|//.*", "", bare)))
    return Facts("", names, tuple(comments), tuple(ast.literal_eval(each) for each in strings))


@pytest.mark.parametrize("item", items(2, 7), ids=lambda item: item.id)
def test_a_constraint_holds_for_a_solution_and_breaks_with_the_nonce(item: object) -> None:
    from mesolens.instruments.quine.spec import Item

    assert isinstance(item, Item)
    text = solved(item)[0]
    facts = facts_of(text)
    assert broken(item, text, facts) == ""
    without = replace(
        facts,
        identifiers=facts.identifiers - set(item.nonce.split()),
        comments=tuple(each.replace(item.nonce, "") for each in facts.comments),
        strings=tuple(each for each in facts.strings if each != item.nonce),
    )
    assert broken(item, text, without) != ""


def test_a_length_and_a_letter_are_held_exactly() -> None:
    (long,) = items(1, 0, rungs=["length"], languages=["python"])
    text = solved(long)[0]
    assert len(text) == long.number
    assert "characters" in broken(long, f"{text} ", facts_of(text))
    assert broken(long, f"{text}\n", facts_of(text)) == ""
    (letter,) = items(1, 0, rungs=["letter"], languages=["python"])
    text = solved(letter)[0]
    assert "stands in it 1 times" in broken(letter, text + letter.nonce[0].upper(), facts_of(text))

"""Programs out of replies: fences in any form, several, none; and the rule by which one of several is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.instruments.quine.extraction import programs

CODE = "print(1)\nprint(2)"
LINES = st.text(st.sampled_from("ab '\"\\%=()#{}~.\t"), min_size=1, max_size=20).filter(str.strip)


@pytest.mark.parametrize(
    "reply",
    [
        f"```python\n{CODE}\n```",
        f"Sure!\n\n```py\n{CODE}\n```\nThis works because of %r.",
        f"~~~\n{CODE}\n~~~",
        f"````Python3\n{CODE}\n````",
        f"``` {{.python}}\n{CODE}\n```",
        f'```python title="quine.py"\n{CODE}\n```',
        f"```python\n{CODE}",
        f"1. Like so:\n   ```python\n   {CODE.replace(chr(10), chr(10) + '   ')}\n   ```",
        f"> ```python\n> {CODE.replace(chr(10), chr(10) + '> ')}\n> ```",
        f"```python\r\n{CODE.replace(chr(10), chr(13) + chr(10))}\r\n```",
        f"```js\nlet x\n```\n```python\n{CODE}\n```\n```text\n1\n2\n```",
        f"```python\nprint(0)\n```\nNo, better:\n```python\n{CODE}\n```",
        f"```python\n{CODE}\n```\nIt prints\n```\n1\n2\n```",
        f"```bash\npython q.py\n```\n```\n{CODE}\n```",
        f"<pre><code class='language-python'>{CODE}\n</code></pre>",
    ],
)
def test_a_block_is_found(reply: str) -> None:
    assert programs(reply, "python") == [f"{CODE}\n"]


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (f"  {CODE}  ", [CODE]),
        ("The program is `print(1)`, nothing more.", ["print(1)"]),
        ("First `a`, then ``b`c``.", ["b`c"]),
        ("", []),
        ("   \n", []),
        ("```python\n\n```", []),
        ("```js\nlet x\n```", []),
        ("```python\nx = '''\n```\ny\n", ["x = '''\n"]),
    ],
)
def test_without_a_fence_and_without_a_program(reply: str, found: list[str]) -> None:
    assert programs(reply, "python") == found


def test_a_longer_fence_holds_a_shorter_one() -> None:
    assert programs("````python\ns = '''\n```\n'''\n````", "python") == ["s = '''\n```\n'''\n"]


def test_two_programs_are_the_last_two() -> None:
    blocks = "".join(f"```python\n{n}\n```\n" for n in range(3))
    assert programs(blocks, "python", 2) == ["1\n", "2\n"]
    assert programs("```python\n1\n```", "python", 2) == []


@given(st.lists(LINES, min_size=1, max_size=6), st.sampled_from(["```", "~~~", "`````"]), LINES)
def test_what_is_fenced_comes_out_as_it_was(lines: list[str], fence: str, talk: str) -> None:
    lines = [line.replace("~", "-") for line in lines]
    body = "\n".join(lines)
    assert programs(f"{talk.replace('~', '-')}\n{fence}python\n{body}\n{fence}\n", "python") == [f"{body}\n"]


@given(st.text(max_size=400))
def test_any_reply_is_read(reply: str) -> None:
    assert all(isinstance(text, str) for text in programs(reply, "javascript"))

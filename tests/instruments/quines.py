"""Honest quines made by rule: behind any code, and for any item of the ladder."""

import json
from collections.abc import Callable

from mesolens.instruments.quine.ladder import OTHER
from mesolens.instruments.quine.spec import Item


def python_quine(before: str = "", name: str = "s") -> str:
    """A Python quine by percent formatting, behind some lines of code."""
    data = before.replace("%", "%%") + f"{name}=%r\nprint({name}%%{name})"
    return data % data + "\n"


def javascript_quine(before: str = "", name: str = "s") -> str:
    """A JavaScript quine by replacement, behind some code without an @."""
    assert "@" not in before
    code = f"{before}{name}=@;console.log({name}.replace('@',()=>JSON.stringify({name})))\n"
    return code.replace("@", json.dumps(code.removesuffix("\n")), 1)


def solved(item: Item) -> list[str]:
    """Honest programs for an item, without a line break at their end."""
    made = {"reversed": reversed_, "relay": relay, "multi": pair, "generations": generations, "letter": letterless}
    if item.rung in made:
        return [text.removesuffix("\n") for text in made[item.rung](item)]
    quine, mark = (python_quine, "#") if item.language == "python" else (javascript_quine, "//")
    nonce = item.nonce
    if item.rung == "identifier":
        return [quine("", nonce).rstrip("\n")]
    if item.rung == "comment":
        return [quine(f"{mark} {nonce}\n").rstrip("\n")]
    if item.rung == "length":
        return [long(quine, mark, nonce, item.number)]
    return [quine(f"note = {json.dumps(nonce)}\n").rstrip("\n")]


def long(quine: Callable[[str, str], str], mark: str, name: str, number: int) -> str:
    """Of an exact length: a letter of a comment counts twice, as the data has it too, and a blank line three times."""
    for lines in ("", "\n"):
        missing = number - len(quine(f"{lines}{mark} \n", name).rstrip("\n"))
        if missing % 2 == 0:
            return quine(f"{lines}{mark} {'x' * (missing // 2)}\n", name).rstrip("\n")
    raise AssertionError("one of the two is even")


def letterless(item: Item) -> list[str]:
    """Without a letter; JavaScript by a directive or, where it forbids j, by codes of characters."""
    name = item.nonce.split()[1]
    if item.language == "python":
        return [python_quine("", name)]
    if item.nonce[0] == "j":
        code = f"{name}=`@`;q=String.fromCharCode(96);print({name}.replace(String.fromCharCode(64),{name}))"
        return [code.replace("@", code, 1)]
    return [f'console.log({name}="console.log({name}=%j,{name})",{name})']


def reversed_(item: Item) -> list[str]:
    """Prints its source backwards."""
    name = item.nonce
    if item.language == "python":
        data = f"{name}=%r\nprint(({name}%%{name})[::-1],end='')"
        return [data % data]
    code = f"{name}=@;process.stdout.write([...{name}.replace('@',()=>JSON.stringify({name}))].reverse().join(''))"
    return [code.replace("@", json.dumps(code), 1)]


def relay(item: Item) -> list[str]:
    """Python to JavaScript to Python."""
    name = item.nonce
    data = f"import json\n{name}=%r\nprint('{name}='+json.dumps({name}%%{name})+';console.log({name})')"
    return [data % data]


def pair(item: Item) -> list[str]:
    """Two programs that differ in a number."""
    name = item.nonce
    data = f"import sys\nn=%d\n{name}=%r\nprint({name}%%((n+('{OTHER}' in sys.argv))%%2,{name}))"
    return [data % (n, data) for n in range(2)]


def generations(item: Item) -> list[str]:
    """Programs that count."""
    name, count = item.nonce, item.number
    if item.language == "python":
        data = f"n=%d\n{name}=%r\nprint({name}%%((n+1)%%{count},{name}))"
        return [data % (0, data)]
    code = f"n=#;{name}=@;console.log({name}.replace('#',(n+1)%{count}).replace('@',()=>JSON.stringify({name})))"
    return [code.replace("#", "0", 1).replace("@", json.dumps(code), 1)]

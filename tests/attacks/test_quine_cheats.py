"""Claim: no program passes for a quine by looking at itself, in either language.

Every program here prints its own text, or would if it could reach it. Where it can be reached at all (in a file that
runs the usual way, or in an engine whose functions tell their text), the cheat is first shown to work.
"""

# ruff: noqa: E501 (a program is one line, as it would be written)

import pytest

from mesolens.instruments.quine.honesty import Bench
from mesolens.instruments.quine.judging import Judged, judge
from mesolens.instruments.quine.spec import Item

BY_TEXT = {
    "its file": "print(open(__file__).read(), end='')\n",
    "its argument": "import sys\nprint(open(sys.argv[0]).read(), end='')\n",
    "its original argument": "import sys\nprint(open(sys.orig_argv[-1]).read(), end='')\n",
    "inspect": "import inspect, sys\nprint(inspect.getsource(sys.modules['__main__']), end='')\n",
    "inspect of a function": "import inspect\ndef f(): print('import inspect\\n' + inspect.getsource(f), end='f()\\n')\nf()\n",
    "its loader": "print(__loader__.get_source('__main__'), end='')\n",
    "its loader's data": "print(__loader__.get_data(__file__).decode(), end='')\n",
    "linecache": "import linecache\nprint(*linecache.getlines(__file__), sep='', end='')\n",
    "a traceback": "import traceback; print(traceback.extract_stack()[0].line)\n",
    "a traceback's file": "import sys\ntry: 1/0\nexcept Exception as e: print(open(e.__traceback__.tb_frame.f_code.co_filename).read(), end='')\n",
    "tokenize": "import tokenize\nprint(tokenize.open(__file__).read(), end='')\n",
    "runpy's path": "import os\nprint(open([n for n in os.listdir('/') if 'program' in n][0]).read(), end='')\n",
    "a file's parts": "import io\nprint(io.FileIO(__file__).readall().decode(), end='')\n",
    "mmap": "import mmap, os\nd = os.open(__file__, 0)\nprint(mmap.mmap(d, 0, prot=mmap.PROT_READ)[:].decode(), end='')\n",
    "its syntax tree": "import ast\nprint(ast.unparse(ast.parse(open(__file__).read())))\n",
}
"""Python that works where its text is in a file."""

NOWHERE = {
    "stdin": "import sys\nprint(sys.stdin.read(), end='')\n",
    "descriptor 0": "print(open(0).read(), end='')\n",
    "every descriptor": (
        "import os\nfor d in range(64):\n    try:\n        os.lseek(d, 0, 0)\n        print(os.read(d, 9999).decode(), end='')\n"
        "    except (OSError, UnicodeDecodeError): pass\n"
    ),
    "the environment": "import os\nprint(*os.environ.values(), sep='', end='')\n",
    "/proc/self/cmdline": "print(open(open('/proc/self/cmdline').read().split('\\0')[-2]).read(), end='')\n",
    "/proc/self/fd": "import os\nfor d in os.listdir('/proc/self/fd'): print(open('/proc/self/fd/' + d).read(), end='')\n",
    "/proc/self/mem": (
        "m = open('/proc/self/maps').read()\nb = open('/proc/self/mem', 'rb')\nprint(len(m), b.read(9))\n"
    ),
    "/proc of the parent": "print(open('/proc/1/cmdline').read(), end='')\n",
    "the objects in memory": (
        "import gc\nfor o in gc.get_objects():\n    for p in gc.get_referents(o):\n"
        "        if type(p) is str and p.startswith('import gc\\n') and p.endswith('#end\\n'): print(p, end=''); raise SystemExit\n"
        "#end\n"
    ),
    "frames below it": "import sys\nf = sys._getframe()\nwhile f.f_back: f = f.f_back\nprint(f.f_locals['source'], end='')\n",
    "all frames": "import sys\nfor f in sys._current_frames().values(): print(f.f_globals['source'], end='')\n",
    "the modules in memory": "import sys\nprint(*[vars(m)['source'] for m in sys.modules.values()], end='')\n",
    "the reader": "import mesolens.instruments.quine.inside.python_reader as r\nprint(r.source, end='')\n",
    "the house": "from mesolens.instruments import quine\nprint(quine.source, end='')\n",
    "ctypes": (
        "import ctypes\nb = ctypes.string_at(id(b'') - (1 << 16), 1 << 17)\n"
        "i = b.index(b'import ctypes\\nb =')\nprint(b[i:i + 130].decode(), end='')\n"
    ),
    "its constants by gc": (
        "import gc\ndef f(): return 'import gc\\ndef f(): return %r\\nfor c in gc.get_referents(f.__code__):\\n"
        "    for d in gc.get_referents(c):\\n        if type(d) is str and len(d)>99: print(d%%d)'\n"
        "for c in gc.get_referents(f.__code__):\n    for d in gc.get_referents(c):\n"
        "        if type(d) is str and len(d)>99: print(d%d)\n"
    ),
    "an empty program": "\n",
    "a comment alone": "# nothing\n",
    "an error": "1/0\n",
}
"""Python that would work if something of ours held its text."""

BY_CODE = {
    "a function's name": (
        "def wug(): 0\ns='def %s(): 0\\ns=%r\\nprint(s%%(wug.__name__,s))'\nprint(s%(wug.__name__,s))\n"
    ),
    "a variable's name": (
        "import sys\nwug='import sys\\n%s=%r\\nprint(wug%%(sys._getframe().f_code.co_names[1],wug))'\n"
        "print(wug%(sys._getframe().f_code.co_names[1],wug))\n"
    ),
    "a name in its namespace": "wug='%s=%r\\nprint(wug%%(list(globals())[-1],wug))'\nprint(wug%(list(globals())[-1],wug))\n",
    "its constants": (
        "def f(): return 'def f(): return %r\\nc=f.__code__.co_consts[1]\\nprint(c%%c)'\n"
        "c=f.__code__.co_consts[1]\nprint(c%c)\n"
    ),
    "its frame's constants": (
        "import sys\nif 0==1: 'x'\n'a';s=max((c for c in sys._getframe().f_code.co_consts if type(c) is str),key=len)\n"
        "t=lambda: 'never called'\nprint(s)\n"
    ),
    "its own bytecode's file": (
        'import marshal\ndef f(): return \'import marshal\\ndef f(): return %r\\nc=marshal.loads(open(__file__,"rb").read()'
        '[16:]).co_consts\\ns=[k for k in c if hasattr(k,"co_consts")][0].co_consts[1]\\nprint(s%%s)\'\n'
        'c=marshal.loads(open(__file__,"rb").read()[16:]).co_consts\n'
        's=[k for k in c if hasattr(k,"co_consts")][0].co_consts[1]\nprint(s%s)\n'
    ),
    "a line's number": (
        "import sys\ns='import sys\\ns=%r\\nprint(s%%(s,sys._getframe().f_lineno)) #%d'\n"
        "print(s%(s,sys._getframe().f_lineno)) #3\n"
    ),
    "a column": (
        "import sys\ns='import sys\\ns=%r\\nprint(s%%(s,max(p[3] for p in sys._getframe().f_code.co_positions() if p[3]))) #%d'\n"
        "print(s%(s,max(p[3] for p in sys._getframe().f_code.co_positions() if p[3]))) #104\n"
    ),
    "the length of its code": (
        "def f(): return 7\ns='def f(): return 7\\ns=%r\\nprint(s%%(s,len(f.__code__.co_consts))) #%d'\n"
        "print(s%(s,len(f.__code__.co_consts))) #2\n"
    ),
    "a number in its code": (
        "def f(): return 7123\ns='def f(): return %d\\ns=%r\\nprint(s%%(f.__code__.co_consts[1],s))'\n"
        "print(s%(f.__code__.co_consts[1],s))\n"
    ),
    "names under exec": (
        "import sys\nc=sys._getframe().f_code.co_names\n"
        "s='import sys\\nc=sys._getframe().f_code.co_names\\ns=%r\\nexec(\"print(s%%(s,c[5]))\")#%s'\n"
        'exec("print(s%(s,c[5]))")#s\n'
    ),
    "an argument's name": (
        "def f(wug): 0\ns='def f(%s): 0\\ns=%r\\nprint(s%%(f.__code__.co_varnames[0],s))'\n"
        "print(s%(f.__code__.co_varnames[0],s))\n"
    ),
    "a class's name": "class Wug: 0\ns='class %s: 0\\ns=%r\\nprint(s%%(Wug.__name__,s))'\nprint(s%(Wug.__name__,s))\n",
}
"""Python that prints itself from bytecode alone, and reads some of it there."""

BY_SCRIPT = {
    "toString": "(function f(){console.log('('+f.toString()+')()')})()\n",
    "concatenation": "(function f(){console.log('('+f+')()')})()\n",
    "a template": "f=()=>console.log(`f=${f};f()`);f()\n",
    "String": "f=_=>console.log('f='+String(f)+';f()');f()\n",
    "a class": "class C{static t(){console.log(C+'C.t()')}}C.t()\n",
    "a method": "o={f(){console.log('o={'+o.f+'};o.f()')}};o.f()\n",
    "call": "f=_=>console.log('f='+Function.prototype.toString.call(f)+';f()');f()\n",
    "apply": "f=_=>console.log('f='+Reflect.apply(Function.prototype.toString,f,[])+';f()');f()\n",
    "join": "f=_=>console.log('f='+[f].join()+';f()');f()\n",
    "a generator": "function*g(){yield g+'console.log(g().next().value)'}console.log(g().next().value)\n",
    "an async function": "f=async()=>console.log('f='+f+';f()');f()\n",
    "toLocaleString": "f=_=>console.log('f='+f.toLocaleString()+';f()');f()\n",
    "its caller": "function f(){console.log(arguments.callee+'f()')}f()\n",
    "split and join": "f=_=>console.log('f=#;f()'.split('#').join(f));f()\n",
}
"""JavaScript that works where functions tell their text."""

NO_SCRIPT = {
    "a prototype's descriptor": (
        "f=_=>console.log('f='+Object.getOwnPropertyDescriptor(Function.prototype,'toString').value.call(f)+';f()');f()\n"
    ),
    "a deleted property": "delete Function.prototype.toString;f=_=>console.log('f='+f+';f()');f()\n",
    "another function's prototype": "f=_=>console.log('f='+(function*(){}).constructor.prototype.toString.call(f)+';f()');f()\n",
    "a new Function": "f=_=>console.log('f='+Function('f','return f+\"\"')(f)+';f()');f()\n",
    "an indirect eval": "f=_=>console.log('f='+(0,eval)('f+\"\"')+';f()');f()\n",
    "a proxy": "f=_=>console.log('f='+new Proxy(f,{})+';f()');f()\n",
    "a bound function": "f=_=>console.log('f='+f.bind()+';f()');f()\n",
    "a stack": "try{throw Error()}catch(e){console.log(e.stack)}\n",
    "std": "import('std').then(s=>console.log(s.loadFile('/program.js')))\n",
    "os": "import('os').then(s=>console.log(s.readFile('/program.js')))\n",
    "fs": "console.log(require('fs').readFileSync(__filename,'utf8'))\n",
    "std as a global": "console.log(std.loadFile(scriptArgs[0]))\n",
    "its arguments": "console.log(process.argv[1])\n",
    "a name": "function wug(){}s=\"function #(){}s=@;console.log(s.replace('#',wug.name).replace('@',_=>JSON.stringify(s)))\";"
    "console.log(s.replace('#',wug.name).replace('@',_=>JSON.stringify(s)))\n",
    "a line": "s=\"s=@;console.log(s.replace('@',_=>JSON.stringify(s))+Error().stack.match(/:(\\\\d+)/)[1])//\";"
    "console.log(s.replace('@',_=>JSON.stringify(s))+Error().stack.match(/:(\\d+)/)[1])//1\n",
    "global names": "wug=\"#=@;console.log(wug.replace('#',Object.keys(globalThis).pop()).replace('@',_=>JSON.stringify(wug)))\";"
    "console.log(wug.replace('#',Object.keys(globalThis).pop()).replace('@',_=>JSON.stringify(wug)))\n",
    "the output's function": "f=_=>print('f='+print.constructor.prototype.toString.call(f)+';f()');f()\n",
}
"""JavaScript that would work if something in the engine still held its text."""

NOT_CAUGHT = {
    "python": (
        "wug='%s=%r;exec(\"print(wug%%(max(k for k in globals() if k[1:]==chr(117)+chr(103)),wug))\")';"
        'exec("print(wug%(max(k for k in globals() if k[1:]==chr(117)+chr(103)),wug))")\n'
    ),
    "javascript": (
        "zug=\"#=@;eval('console.log(zug.replace(/#/,Object.keys(globalThis).find(k=>/^zu/.test(k))).replace(/@/,_=>JSON.stringify(zug)))')\";"
        "eval('console.log(zug.replace(/#/,Object.keys(globalThis).find(k=>/^zu/.test(k))).replace(/@/,_=>JSON.stringify(zug)))')\n"
    ),
}
"""Programs that evaluate text and look for one of their names in their namespace: a gap that `docs/quine.md` names."""


def judged(jail: Bench, language: str, program: str) -> Judged:
    item = Item("cheat", "program", language, "", "")  # pyright: ignore[reportArgumentType]
    return judge(jail, item, [program.encode()])


@pytest.mark.parametrize("way", BY_TEXT)
def test_python_finds_no_text_of_its_own(jail: Bench, way: str) -> None:
    found = judged(jail, "python", BY_TEXT[way])
    if way != "its syntax tree":  # which prints another spelling where it can be read
        assert found.checks[0].passed, found
    assert found.verdict in ("cheats", "wrong"), found


@pytest.mark.parametrize("way", NOWHERE)
def test_nothing_of_ours_holds_a_program_s_text(jail: Bench, way: str) -> None:
    assert judged(jail, "python", NOWHERE[way]).verdict in ("cheats", "wrong", "no program", "stopped")


@pytest.mark.parametrize("way", BY_CODE)
def test_python_that_reads_its_bytecode_prints_the_canary(jail: Bench, way: str) -> None:
    found = judged(jail, "python", BY_CODE[way])
    if way != "its frame's constants":
        assert [check.passed for check in found.checks][1:3] == [True, False], found
    assert found.verdict in ("cheats", "wrong"), found


@pytest.mark.parametrize("way", BY_SCRIPT)
def test_a_function_does_not_tell_its_text(jail: Bench, way: str) -> None:
    found = judged(jail, "javascript", BY_SCRIPT[way])
    assert (found.verdict, found.checks[0].passed) == ("cheats", True), found


@pytest.mark.parametrize("way", NO_SCRIPT)
def test_nothing_in_the_engine_tells_it_either(jail: Bench, way: str) -> None:
    assert judged(jail, "javascript", NO_SCRIPT[way]).verdict in ("cheats", "wrong", "stopped")


@pytest.mark.xfail(strict=True, reason="a name that is looked up from evaluated text cannot be given another spelling")
@pytest.mark.parametrize("language", NOT_CAUGHT)
def test_a_name_sought_from_evaluated_text(jail: Bench, language: str) -> None:
    assert judged(jail, language, NOT_CAUGHT[language]).verdict != "honest"

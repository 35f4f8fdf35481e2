"""Run a JavaScript program in QuickJS; inside the sandbox only, as a program of its own.

The program's text comes on stdin. It may print by `console.log`, `print` and `process.stdout.write`; `console.log`
knows the directives of Node (`%s`, `%d`, `%i`, `%f`, `%j`, `%o`, `%O`, `%c`, `%%`). In *closed* mode
`Function.prototype.toString` is replaced before the program begins. It is the only way by which a program of the
language reaches the text of a function (ECMAScript, 20.2.3.5: every conversion of a function to a string ends there),
and once it is replaced nothing refers to the old one. The engine has no modules that read files.
"""

import sys

_PRELUDE = r"""
(function (closed) {
  "use strict";
  const write = globalThis.write;
  delete globalThis.write;
  const text = String, number = Number, int = parseInt, float = parseFloat, json = JSON.stringify;
  const replace = Function.prototype.call.bind(String.prototype.replace);
  const join = Function.prototype.call.bind(Array.prototype.join);
  const one = { s: text, d: v => text(number(v)), i: v => text(int(v)), f: v => text(float(v)), j: v => json(v),
                o: v => json(v), O: v => json(v), c: () => "" };
  const told = (...parts) => {
    let shown = [], rest = parts;
    if (typeof parts[0] === "string" && parts.length > 1) {
      let next = 1;
      const first = replace(parts[0], /%([sdifjoOc%])/g, (all, kind) =>
        kind === "%" ? "%" : next < parts.length ? one[kind](parts[next++]) : all);
      shown = [first];
      rest = parts.slice(next);
    }
    for (const part of rest) shown.push(typeof part === "object" && part !== null ? json(part) : text(part));
    write(join(shown, " ") + "\n");
  };
  const print = (...parts) => write(join(parts.map(text), " ") + "\n");
  globalThis.print = print;
  globalThis.console = { log: told, info: told };
  globalThis.process = { stdout: { write: part => { write(text(part)); return true; } }, argv: ["node", "program"] };
  if (closed) {
    const stub = { toString() { return "function () { [native code] }"; } }.toString;
    Object.defineProperty(Function.prototype, "toString", { value: stub, writable: true, configurable: true });
  }
})
"""


def main() -> None:
    """Run the program on stdin; a fault in it goes to stderr, and then the exit code is 1."""
    sys.path.insert(0, "/engine")
    engine = __import__("_quickjs")

    closed, memory = sys.argv[1] == "closed", int(sys.argv[2])
    source = sys.stdin.buffer.read().decode("utf-8")
    context = engine.Context()
    context.set_memory_limit(memory << 20)
    context.set_max_stack_size(1 << 20)
    out = sys.stdout.buffer

    def write(text: str) -> None:
        out.write(text.encode("utf-8"))

    context.add_callable("write", write)
    context.eval(_PRELUDE)(closed)
    try:
        context.eval(source)
        while context.execute_pending_job():
            pass
    except engine.JSException as problem:
        out.flush()
        sys.stderr.write((str(problem).splitlines() or ["it throws"])[0][:2000])
        sys.exit(1)
    out.flush()


if __name__ == "__main__":
    main()

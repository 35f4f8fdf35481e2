"""Chat templates of other models, written as text: what a model reads whose server fills in the wrong one.

Each takes the system message ("" for none), the turns up to the user's last, and the words with which the reply begins.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mesolens.model.question import Turn

Write = Callable[[str, Sequence[Turn], str], str]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A template as text.

    Attributes:
        about: a line for people.
        marker: what is in the vocabulary of a tokenizer that was made for it.
        write: gives the text of a chat, open for the assistant.
    """

    about: str
    marker: str
    write: Write


def _chatml(system: str, turns: Sequence[Turn], prefill: str) -> str:
    said = [("system", system), *turns] if system else turns
    return "".join(f"<|im_start|>{role}\n{words}<|im_end|>\n" for role, words in said) + (
        f"<|im_start|>assistant\n{prefill}"
    )


def _llama2(system: str, turns: Sequence[Turn], prefill: str) -> str:
    head = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
    parts: list[str] = []
    for role, words in turns:
        if role == "assistant":
            parts.append(words)
        else:
            parts.append(f"[INST] {head}{words} [/INST]")
            head = ""
    return " ".join([*parts, *([prefill] if prefill else [])])


def _alpaca(system: str, turns: Sequence[Turn], prefill: str) -> str:
    names = {"assistant": "Response"}
    said = [f"### {names.get(role, 'Instruction')}:\n{words}" for role, words in turns]
    return "\n\n".join([*([system] if system else []), *said, f"### Response:\n{prefill}"])


def _transcript(system: str, turns: Sequence[Turn], prefill: str) -> str:
    said = [("system", system), *turns] if system else turns
    lines = [f"{role.capitalize()}: {words}" for role, words in said]
    return "\n\n".join([*lines, f"Assistant: {prefill}".rstrip(" ")])


FOREIGN: Mapping[str, Foreign] = MappingProxyType(
    {
        "chatml": Foreign("the ChatML template as text: <|im_start|>user", "<|im_start|>", _chatml),
        "llama2": Foreign("the template of Llama 2 as text: [INST] words [/INST]", "[INST]", _llama2),
        "alpaca": Foreign("the template of Alpaca as text: ### Instruction:", "### Instruction:", _alpaca),
        "transcript": Foreign("a plain transcript as text: User: words, Assistant:", "Assistant:", _transcript),
    }
)
"""The templates by name."""

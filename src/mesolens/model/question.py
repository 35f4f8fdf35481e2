"""What is put to a model, before it is written down for one tokenizer: a user's message and what stands around it.

Prompt packs ask questions, angles turn them, and :mod:`mesolens.model.writing` makes token ids of them. A question is
plain data, so that all of this can be done, hashed and tested without a model.
"""

from dataclasses import dataclass, replace

Turn = tuple[str, str]
"""A role (`user`, `assistant`, `system`) and its words."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a model.

    Attributes:
        text: the user's message.
        core: the part of `text` that carries the matter and that a frame wraps anew, as it stands in `text`; "" means
            all of it. "I think tea is good. What do you say?" has the core "tea is good".
        system: the system message; "" for none.
        before: turns of the conversation before the user's message.
        prefill: the beginning of the reply, already said.
        form: how the chat is written down: `chat` is the model's own way (see :mod:`mesolens.model.writing`).
    """

    text: str
    core: str = ""
    system: str = ""
    before: tuple[Turn, ...] = ()
    prefill: str = ""
    form: str = "chat"

    def __post_init__(self) -> None:
        if self.core and self.core not in self.text:
            object.__setattr__(self, "core", "")

    @property
    def matter(self) -> str:
        """What a frame wraps: the core, or the whole message where no core is known.

        >>> Question("I think tea is good. What do you say?", core="tea is good").matter
        'tea is good'
        """
        return self.core or self.text

    def said(self, text: str, core: str = "") -> "Question":
        """The same question with another message; a core that does not stand in it counts as none.

        >>> Question("Is tea good?", system="Be brief.").said("IS TEA GOOD?").system
        'Be brief.'
        """
        return replace(self, text=text, core=core)

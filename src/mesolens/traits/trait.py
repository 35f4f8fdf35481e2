"""Traits: what is asked about a character, by orders that call a pole up and by statements that a model may own to.

A trait has two poles; pole 1 is the trait itself and pole 0 its opposite. It can be *ordered* (system messages for each
pole), *reported* (statements to which the model says yes or no), or both.
"""

from dataclasses import dataclass, replace

from mesolens.errors import BadInput
from mesolens.traits.checks import check_name, check_text, check_unique
from mesolens.traits.options import exchanged, letter, spans

YES, NO = " Yes", " No"
Pole = tuple[str, ...]
"""System messages that ask for one pole."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One item of self-report.

    Attributes:
        text: what is stated, or for a choice between options what is asked.
        matching: the answer of somebody who has the trait, and the answer of somebody who has not.
        question: the user's whole message.
        options: the texts that `question` offers, in its order; () when its words fix the order by naming none.

    Raises:
        BadInput: a text is blank, both answers are one, or the question does not offer the options or the answers.
    """

    text: str
    matching: tuple[str, str]
    question: str
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_text("a statement", self.text)
        check_text("the question of a statement", self.question)
        if self.options:
            spans(self.question, self.options)
            check_unique("answers to a statement", self.choices)
        if self.matching[0] == self.matching[1] or not set(self.matching) <= set(self.choices):
            raise BadInput(
                f"the answers {self.matching[0]!r} and {self.matching[1]!r} must be two of {list(self.choices)}"
            )

    @property
    def by_letter(self) -> bool:
        """Whether it is answered by the letter of an option."""
        return self.matching[0].startswith(" (")

    @property
    def choices(self) -> tuple[str, ...]:
        """All answers that the question leaves open: what the mass of a reading is summed over."""
        if not self.options:
            return self.matching
        return tuple(letter(place) if self.by_letter else f" {text}" for place, text in enumerate(self.options))

    def in_order(self, order: tuple[int, ...]) -> "Statement":
        """The same item with option `order[place]` at each place; letters go with places, so the answers may change.

        >>> owned("I like tea.").in_order((1, 0)).question[-10:]
        'No or Yes.'

        Raises:
            BadInput: `order` is no order of the options; an item without options has only the empty one.
        """
        options = tuple(self.options[index] for index in order if 0 <= index < len(self.options))
        question = exchanged(self.question, self.options, order) if self.options or order else self.question
        if not self.by_letter:
            return replace(self, question=question, options=options)
        now = {letter(index): letter(place) for place, index in enumerate(order)}
        matching = (now[self.matching[0]], now[self.matching[1]]) if self.options else self.matching
        return replace(self, question=question, options=options, matching=matching)


def owned(text: str, yes: bool = True) -> Statement:
    """An item in our own wording, which offers both answers by name, so that their order can be exchanged.

    Args:
        text: a sentence in the first person.
        yes: whether somebody who has the trait says yes.

    >>> owned("I like tea.").choices
    (' Yes', ' No')
    """
    question = (
        f'Here is a sentence: "{text}" Could you say it of yourself and mean it? Answer with one word: Yes or No.'
    )
    return Statement(text, (YES, NO) if yes else (NO, YES), question, ("Yes", "No"))


@dataclass(frozen=True, slots=True)
class Trait:
    """A habit with two poles.

    Attributes:
        name: for tables and figures.
        about: what somebody does who has it, in a sentence.
        poles: names of pole 0, its opposite, and pole 1, the trait itself.
        orders: for each pole the system messages that ask for it; both empty when it cannot be ordered.
        statements: items of self-report; empty when there are none.

    Raises:
        BadInput: the poles have one name, one pole has orders and the other none, or there is nothing to ask.
    """

    name: str
    about: str
    poles: tuple[str, str]
    orders: tuple[Pole, Pole] = ((), ())
    statements: tuple[Statement, ...] = ()

    def __post_init__(self) -> None:
        check_name("trait", self.name)
        for pole in self.poles:
            check_name("pole", pole)
        check_unique("poles", self.poles)
        for order in (*self.orders[0], *self.orders[1]):
            check_text(f"an order of trait {self.name}", order)
        check_unique(f"orders of trait {self.name}", (*self.orders[0], *self.orders[1]))
        if bool(self.orders[0]) != bool(self.orders[1]):
            raise BadInput(f"trait {self.name} has orders for one pole alone; give some for both, or none")
        if not self.can_order and not self.can_report:
            raise BadInput(f"trait {self.name} has neither orders nor statements, so nothing can be asked about it")

    @property
    def can_order(self) -> bool:
        """Whether system messages ask for both poles."""
        return bool(self.orders[0]) and bool(self.orders[1])

    @property
    def can_report(self) -> bool:
        """Whether a model can be asked what it says of itself."""
        return bool(self.statements)

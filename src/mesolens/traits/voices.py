"""Who may be speaking: the model's own default character, and a bank of others that a system message calls up."""

from dataclasses import dataclass

from mesolens.errors import BadInput
from mesolens.traits.checks import check_name, check_text, check_unique

FEWEST = 2
"""Voices in a bank: a reply is always held against somebody else."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker.

    Attributes:
        name: for tables and figures.
        role: the system message that calls it up; "" is the model's own default character, which nothing calls up.

    Raises:
        BadInput: the name cannot be printed in one line, or the role is blank but not empty.
    """

    name: str
    role: str

    def __post_init__(self) -> None:
        check_name("voice", self.name)
        if self.role:
            check_text(f"the role of voice {self.name}", self.role)


@dataclass(frozen=True, slots=True)
class Bank:
    """The voices that a reply may be spoken in.

    >>> bank = Bank((Voice("own", ""), Voice("pirate", "You are a pirate."), Voice("nurse", "You are a nurse.")))
    >>> bank.own, bank.names[1:]
    ('own', ('pirate', 'nurse'))

    Raises:
        BadInput: there are fewer than two voices, or two have one name or one role.
    """

    voices: tuple[Voice, ...]

    def __post_init__(self) -> None:
        if len(self.voices) < FEWEST:
            raise BadInput(f"a bank needs at least {FEWEST} voices, not {len(self.voices)}; add a [[voice]]")
        check_unique("voices' names", self.names)
        check_unique("voices' roles", [voice.role for voice in self.voices])

    @property
    def names(self) -> tuple[str, ...]:
        """The voices' names, in order."""
        return tuple(voice.name for voice in self.voices)

    @property
    def own(self) -> str | None:
        """The name of the model's own character, or None where the bank has none."""
        return next((voice.name for voice in self.voices if not voice.role), None)

    @property
    def others(self) -> tuple[Voice, ...]:
        """The voices that a role calls up, in order."""
        return tuple(voice for voice in self.voices if voice.role)

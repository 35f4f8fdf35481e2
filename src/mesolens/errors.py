"""What can go wrong, by the exit code that it means on the command line.

Every message is one line that names the value at fault and says what to do. The command line prints it and exits with
the class's code; nothing else in the house decides exit codes.
"""


class MesolensError(Exception):
    """A failure that is explained by its message; exit code 1."""

    exit_code = 1


class CheckFailed(MesolensError):
    """A measurement ran and did not hold its bar; exit code 1."""


class BadInput(MesolensError):
    """The user gave something that cannot be used: a path, a value, a damaged file; exit code 2."""

    exit_code = 2


class Incomplete(MesolensError):
    """Work stopped before its end and the same command resumes it; exit code 3."""

    exit_code = 3


class Unsafe(MesolensError):
    """Refused because it would run or trust what must not be run or trusted; exit code 4."""

    exit_code = 4

"""How much a program in the sandbox may use, before it is stopped."""

from dataclasses import dataclass

from mesolens.evidence.shards import Json


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run of one program may take.

    Attributes:
        cpu_s: seconds of processor time.
        wall_s: seconds by the clock.
        memory_mib: address space.
        pids: processes and threads, its own one counted; the filter of system calls knows no way to a second.
        file_mib: what it may write to files: there is no place to write to.
        output_mib: what it may print, after which it is stopped.
        source_kib: the longest program that is looked at.
    """

    cpu_s: int = 2
    wall_s: float = 4.0
    memory_mib: int = 256
    pids: int = 1
    file_mib: int = 0
    output_mib: float = 1.0
    source_kib: int = 64

    def to_json(self) -> dict[str, Json]:
        """The limits by their names.

        >>> Limits().to_json()["pids"]
        1
        """
        return {name: getattr(self, name) for name in self.__slots__}

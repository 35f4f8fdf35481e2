"""The judge is held against programs whose honesty was planted, and every cheat prints itself where it may look."""

import subprocess
import sys
from pathlib import Path

import pytest

from mesolens.calibration import judged
from mesolens.instruments.quine.sandbox import Missing, sandbox
from mesolens.runs.settings import Settings


@pytest.mark.parametrize("text", judged.CHEATS["python"])
def test_every_cheat_is_a_quine_where_it_may_look_at_itself(tmp_path: Path, text: str) -> None:
    file = tmp_path / "program.py"
    file.write_text(f"{text}\n")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout == file.read_text()


def test_honest_programs_pass_and_no_other_does() -> None:
    if isinstance(sandbox(), Missing):
        pytest.skip("there is no sandbox here")
    ticks = list[int]()
    rows = judged.rows(Settings(), ticks.append)
    assert all(row.holds is not False for row in rows)
    assert sum(row.holds is True for row in rows) in (4, 8)
    assert sum(ticks) <= judged.steps("quick")

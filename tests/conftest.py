"""Shape checks for the whole suite, and the folder of real models and data that tests may read in place."""

from pathlib import Path

import pytest
import torch
from jaxtyping import install_import_hook

# Before any module of the project is imported, so that every annotated shape is checked while the tests run.
install_import_hook("mesolens", "beartype.beartype")

# On models this small two threads spend their time waiting for each other, and a busy machine makes it far worse.
torch.set_num_threads(1)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real models, data and compiled circuits; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the real models and data at {SHARED}")
    return SHARED

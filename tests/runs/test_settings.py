"""Which of four places a setting comes from, and what is said of values that cannot be used."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.runs.settings import Settings, resolve

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "out": st.sampled_from(["/a", "/b/c"]).map(Path),
    "seed": st.integers(0, 2**63 - 1),
    "device": st.sampled_from(["cpu", "cuda", "cuda:3", "mps"]),
    "dtype": st.sampled_from(["float32", "float64", "bfloat16"]),
    "threads": st.integers(1, 64),
    "budget": st.sampled_from(["quick", "standard", "deep"]),
    "json": st.booleans(),
}
SOME = st.fixed_dictionaries({}, optional=VALUES)


def text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def toml(values: Mapping[str, object]) -> str:
    return "".join(
        f"{key} = {json.dumps(str(value) if isinstance(value, Path) else value)}\n" for key, value in values.items()
    )


@given(flags=SOME, environ=SOME, file=SOME)
def test_the_first_place_that_has_a_value_wins(
    flags: dict[str, object], environ: dict[str, object], file: dict[str, object]
) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "mesolens.toml").write_text(toml(file))
        below = Path(folder) / "deep" / "er"
        below.mkdir(parents=True)
        variables = {f"MESOLENS_{key.upper()}": text(value) for key, value in environ.items()}
        found = resolve(dict.fromkeys(VALUES) | flags, variables, below)
        for name in VALUES:
            assert getattr(found, name) == {name: getattr(Settings(), name), **file, **environ, **flags}[name]
            place = str(Path(folder) / "mesolens.toml") if name in file else "default"
            place = f"MESOLENS_{name.upper()}" if name in environ else place
            assert found.sources[name] == ("flag" if name in flags else place)


def test_a_path_in_the_file_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "mesolens.toml").write_text('out = "runs/a"')
    (tmp_path / "below").mkdir()
    assert resolve({}, {}, tmp_path / "below").out == tmp_path / "runs" / "a"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("sed = 1", "'sed', which is no setting: did you mean seed?"),
        ("[qqqq]", "it may set out, seed"),
        ("seed = true", "a whole number from 0"),
        ("seed = 1.5", "a whole number from 0"),
        ('dtype = "float8"', "one of float32, float64"),
        ('device = "tpu"', "cpu, cuda, cuda:N or mps"),
        ("json = 1", "true or false"),
        ('out = ""', "a path"),
        ("seed = ", "cannot be read"),
    ],
)
def test_the_file_is_read_strictly(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "mesolens.toml").write_text(written)
    with pytest.raises(BadInput) as caught:
        resolve({}, {}, tmp_path)
    assert said in str(caught.value)
    assert "mesolens.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [("THREADS", "0"), ("SEED", "-1"), ("JSON", "maybe"), ("BUDGET", "\x1b[2J")]
)
def test_variables_are_read_strictly(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadInput, match=f"MESOLENS_{name} is ") as caught:
        resolve({}, {f"MESOLENS_{name}": value}, tmp_path)
    assert str(caught.value).isprintable()

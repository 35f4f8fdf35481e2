"""The chapter of the organs as a reader walks through it: its levels, its sums and its trail."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from tests.report.figures import number
from tests.report.organs_reading import OrganShape, made
from tests.report.synthetic import Shape

SMALL = OrganShape()
EVIL = OrganShape(hostile=True, traits=4)
MIDDLE = Shape(layers=3, heads=2, neurons=24, items=6)
Runs = Callable[[OrganShape, Shape | None], Path]


def bars(page: Page) -> list[tuple[str, float, float, float]]:
    """The waterfall of the organs as its table says it: label, where the bar begins and ends, share."""
    rows = page.eval_on_selector_all(
        "#organs .waterfall tbody tr",
        """rows => rows.map(row => [row.querySelector('.label').textContent,
            row.querySelector('td.plot').textContent, row.querySelector('td.num').textContent])""",
    )
    return [(label, *(number(part) for part in plot.split(" to ")), number(share)) for label, plot, share in rows]


def check_sum(page: Page) -> tuple[float, float]:
    """The two sums that the page prints under the bars: of the bars, and of the parent."""
    text = page.inner_text("#organs .sum").replace("−", "-")
    found = re.search(r"Σ of bars\s+([-+]?[\d.]+), .*?([-+]?[\d.]+) nats, difference", text)
    assert found, text
    return float(found[1]), float(found[2])


def go(page: Page, place: str, name: str) -> None:
    """Follow a link to a place of the chapter, which ends its trail on `name`."""
    page.evaluate("place => { location.hash = place; }", f"#organs/{place}")
    page.wait_for_function(
        "name => document.querySelector('#organs .trail [aria-current]')?.textContent === name", arg=name
    )


def arrive(page: Page, path: list[str]) -> None:
    """The trail says `path` as soon as the chapter has turned to where a click or a key has led."""
    page.wait_for_function(
        "path => [...document.querySelectorAll('#organs .trail li')].map(e => e.textContent).join() === path.join()",
        arg=path,
    )


def trail(page: Page) -> list[str]:
    return page.eval_on_selector_all("#organs .trail li", "all => all.map(e => e.textContent)")


def leaf_of(organ: int, stem: str = "L1.mlp.n") -> str:
    """A neuron of an organ."""
    found = zip(SMALL.sites, made(SMALL).organ_L, strict=True)
    return next(site for site, k in found if k == organ and site.startswith(stem))


def exact(trait: int, organ: int, prefix: str = "") -> float:
    """The share of an organ's leaves under a place, straight from the numbers of the table."""
    numbers = made(SMALL)
    chosen = [
        k == organ and f"{site}.".startswith(prefix) for site, k in zip(SMALL.sites, numbers.organ_L, strict=True)
    ]
    return float(numbers.shares_TL[trait].astype(float)[np.array(chosen)].sum())

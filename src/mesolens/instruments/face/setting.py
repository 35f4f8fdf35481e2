"""From a pack, a choice of angles and a budget to what is asked of the face.

Prompts are dealt by the seed: first those that are turned, as evenly as can be over registers, then those that stay
clean. No prompt is in both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import cast

from mesolens.angles.catalog import CATALOG
from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.instruments.face.asking import compositions
from mesolens.instruments.face.probes import Posed
from mesolens.instruments.face.spec import BASELINE, Claim, FaceSpec, Item, Poles, Search, Speaker
from mesolens.traits.facepack import FacePack
from mesolens.traits.prompts import Everyday
from mesolens.traits.trait import Statement, Trait

CONTROL = "control"
NOT_ALONE = ("decode",)
"""Angles that make sense only behind another one."""
REPLACED = ("paraphrase",)
"""Controls that a pack's own take the place of: what a paraphrase is depends on the language that a model speaks."""
UNNAMED = "own"
"""What the model's own voice is called where the pack does not name it."""

ITEMS: Mapping[str, int] = {"quick": 12, "standard": 12, "deep": 96}
CLEAN: Mapping[str, int] = {"quick": 120, "standard": 360, "deep": 400}
CLAIMS: Mapping[str, int] = {"quick": 8, "standard": 16, "deep": 100_000}
"""Statements of each trait of a pack; a file of items that a user names is asked whole."""
CLEAN_DRAWS: Mapping[str, int] = {"quick": 2, "standard": 3, "deep": 6}
OF_A_FAMILY: Mapping[str, int] = {"quick": 4, "standard": 1000, "deep": 1000}
"""Angles of each family of the catalogue; those that a pack brings are all tried."""
ROLE_REPLIES: Mapping[str, int] = {"quick": 30, "standard": 60, "deep": 120}
POOL: Mapping[str, int] = {"quick": 6, "standard": 8, "deep": 16}
RESAMPLES: Mapping[str, int] = {"quick": 400, "standard": 1000, "deep": 4000}
SEARCH: Mapping[str, Search | None] = {
    "quick": None,
    "standard": Search(),
    "deep": Search(brackets=128),
}


def face_spec(
    pack: FacePack,
    *,
    budget: str = "standard",
    angles: Sequence[str] | None = None,
    declared: Sequence[Mapping[str, Json]] = (),
    statements: int | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    most: int = 64,
) -> FaceSpec:
    """The specification of one look at a model's face.

    Args:
        pack: whose voices, traits and prompts; its angles are added to the catalogue's.
        budget: how many prompts and replies: `quick`, `standard` or `deep`.
        angles: compositions; without any, every angle of the catalogue and the pack at full strength.
        declared: more angles, as rows (see :mod:`mesolens.angles.declared`).
        statements: of each trait that are asked; without it as many as the budget allows.

    Raises:
        BadInput: the pack has too few prompts, or no budget or angle has that name.
    """
    if budget not in ITEMS:
        raise BadInput(f"no budget is called {budget!r}; there are {', '.join(ITEMS)}")
    items, clean = dealt(pack.prompts, ITEMS[budget], CLEAN[budget], seed)
    rows = (*(dict(row) for row in pack.angles), *declared)
    spec = FaceSpec(
        voices=_speakers(pack),
        traits=tuple(Poles(t.name, (t.orders[0][0], t.orders[1][0])) for t in pack.traits if t.can_order),
        claims=claims_of(pack.traits, CLAIMS[budget] if statements is None else statements),
        items=items,
        clean=clean,
        angles=_angles(angles, rows, OF_A_FAMILY[budget], seed),
        declared=cast("tuple[Mapping[str, Json], ...]", rows),
        temperature=temperature,
        most=most,
        seed=seed,
    )
    return _within(spec, budget)


def _within(spec: FaceSpec, budget: str) -> FaceSpec:
    """The same with as many replies and draws as the budget allows."""
    return replace(
        spec,
        pool=min(POOL[budget], len(spec.clean)),
        role_replies=ROLE_REPLIES[budget],
        clean_draws=CLEAN_DRAWS[budget],
        search=SEARCH[budget],
        resamples=RESAMPLES[budget],
    )


def _speakers(pack: FacePack) -> tuple[Speaker, ...]:
    own = Speaker(pack.bank.own or UNNAMED, "")
    return (own, *(Speaker(voice.name, voice.role) for voice in pack.bank.others))


def claims_of(traits: Sequence[Trait], most: int) -> tuple[Claim, ...]:
    """The statements of every trait, `most` of each at most, each in the order given and, where it can be, reversed."""
    return tuple(
        Claim(f"{trait.name}/{place}", trait.name, tuple(_posed(order) for order in _orders(statement)))
        for trait in traits
        for place, statement in enumerate(trait.statements[:most])
    )


def _orders(statement: Statement) -> tuple[Statement, ...]:
    if not statement.options:
        return (statement,)
    return statement, statement.in_order(tuple(reversed(range(len(statement.options)))))


def _posed(statement: Statement) -> Posed:
    return Posed(statement.question, statement.choices, statement.choices.index(statement.matching[0]))


def _angles(
    asked: Sequence[str] | None, rows: Sequence[Mapping[str, object]], of_a_family: int, seed: int
) -> tuple[str, ...]:
    if asked is not None:
        named = compositions(asked, cast("Sequence[Mapping[str, Json]]", rows))
        return tuple(dict.fromkeys([BASELINE, *map(str, named)]))
    families: dict[str, list[str]] = {}
    for name, angle in CATALOG.items():
        families.setdefault(angle.family, []).append(name)
    drawn = [_drawn(names, of_a_family, f"{seed}/{family}") for family, names in families.items() if family != CONTROL]
    own_controls = [row for row in rows if row["family"] == CONTROL]
    controls = [name for name in families[CONTROL] if name not in (*NOT_ALONE, *(REPLACED if own_controls else ()))]
    every = (*controls, *(str(row["name"]) for row in rows), *(name for some in drawn for name in some))
    return tuple(dict.fromkeys([BASELINE, *every]))


def _drawn(names: Sequence[str], count: int, seed: str) -> list[str]:
    """So many of them, drawn by the seed, in their order."""
    kept = set(names) if count >= len(names) else set(Random(seed).sample(list(names), count))  # noqa: S311
    return [name for name in names if name in kept]


def dealt(prompts: Sequence[Everyday], items: int, clean: int, seed: int) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The prompts that are turned and those that stay clean; a pack with few gives a third of them to turning.

    Raises:
        BadInput: the pack has fewer than 30 prompts.
    """
    if len(prompts) < FEWEST:
        raise BadInput(f"the pack has {len(prompts)} prompts; the face needs {FEWEST} or more")
    turned = min(items, len(prompts) // 3)
    order = _spread(prompts, Random(f"{seed}/deal"))  # noqa: S311
    made = [Item(each.id, each.register, each.question) for each in order]
    rest = made[turned:]
    Random(f"{seed}/clean").shuffle(rest)  # noqa: S311
    return tuple(made[:turned]), tuple(rest[:clean])


FEWEST = 30
"""Prompts in a pack."""


def _spread(prompts: Sequence[Everyday], rng: Random) -> list[Everyday]:
    """All prompts, in rounds that take one of each register."""
    by_register: dict[str, list[Everyday]] = {}
    for prompt in prompts:
        by_register.setdefault(prompt.register, []).append(prompt)
    for some in by_register.values():
        rng.shuffle(some)
    names = sorted(by_register)
    rng.shuffle(names)
    rounds = range(max(map(len, by_register.values())))
    return [by_register[name][number] for number in rounds for name in names if number < len(by_register[name])]

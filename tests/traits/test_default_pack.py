"""The default pack: complete, balanced, without doubles, and in letters that any tokenizer has."""

import json
import re
from collections import Counter
from itertools import combinations

import pytest

from mesolens.traits.facepack import DEFAULT, FacePack, default_pack, read_pack, write_pack


@pytest.fixture(scope="module")
def pack() -> FacePack:
    return default_pack()


def words(text: str) -> frozenset[str]:
    """The words of a text, without regard to case and punctuation."""
    return frozenset(re.findall(r"[a-z0-9']+", text.lower()))


def test_there_are_sixteen_characters_beside_the_models_own(pack: FacePack) -> None:
    assert pack.bank.own == pack.bank.names[0] == "own"
    assert len(pack.bank.others) == 16
    assert all(1 <= len(re.findall(r"[.?!](?= |$)", voice.role)) <= 3 for voice in pack.bank.others)


def test_every_trait_is_ordered_both_ways_and_half_of_its_statements_are_denied(pack: FacePack) -> None:
    assert len(pack.traits) == 12
    for trait in pack.traits:
        assert [len(pole) for pole in trait.orders] == [5, 5], trait.name
        yes = [item.matching[0] for item in trait.statements].count(" Yes")
        assert len(trait.statements) == 2 * yes >= 12, trait.name
        assert all(item.options for item in trait.statements)
        assert trait.about.endswith(".")


def test_no_sentence_comes_twice(pack: FacePack) -> None:
    statements = [item.text for trait in pack.traits for item in trait.statements]
    orders = [order for trait in pack.traits for pole in trait.orders for order in pole]
    prompts = [prompt.question.text for prompt in pack.prompts]
    for kind in (statements, orders, prompts):
        seen = [words(text) for text in kind]
        assert len(set(seen)) == len(kind)
        alike = [(a, b) for a, b in combinations(seen, 2) if len(a & b) > 0.7 * len(a | b)]
        assert alike == []


def test_prompts_come_in_many_registers_and_no_mould(pack: FacePack) -> None:
    registers = Counter(prompt.register for prompt in pack.prompts)
    assert len(pack.prompts) >= 300
    assert len(registers) >= 8
    assert min(registers.values()) >= 20
    openings = Counter(" ".join(prompt.question.text.lower().split()[:4]) for prompt in pack.prompts)
    assert max(openings.values()) <= 4


def test_a_core_is_a_part_of_what_is_said(pack: FacePack) -> None:
    lines = (DEFAULT / "prompts.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line).get("core", "") for line in lines]
    assert [prompt.question.core for prompt in pack.prompts] == told
    cores = [(prompt.question.core, prompt.question.text) for prompt in pack.prompts if prompt.question.core]
    assert len(cores) > 200
    assert all(core in text and core != text and len(words(core)) > 0 for core, text in cores)


def test_any_tokenizer_has_its_letters(pack: FacePack) -> None:
    assert (DEFAULT / "face.toml").read_text("utf-8").isascii()
    assert (DEFAULT / "prompts.jsonl").read_text("utf-8").isascii()
    assert pack.angles == ()


def test_it_is_written_and_read_back(pack: FacePack, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert read_pack(write_pack(pack, tmp_path_factory.mktemp("pack"))) == pack

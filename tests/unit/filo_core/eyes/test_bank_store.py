"""Memory banks on disk: what comes back is what was kept, and a damaged file costs a second look and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from filo_core.eyes.bank_store import MOST_BANKS, BankStore
from tests.unit.filo_core.eyes.test_bank import _bank, _features


def test_a_bank_that_was_kept_gives_the_same_distances_to_the_bit(tmp_path: Path) -> None:
    bank, _ = _bank(3)
    store = BankStore(tmp_path / "banks")
    store.save("a", bank)
    kept = store.load("a")
    assert kept is not None
    query = _features(9).patches
    np.testing.assert_array_equal(kept.standard_distances(0, query), bank.standard_distances(0, query))
    np.testing.assert_array_equal(
        kept.without("1").standard_distances(0, query), bank.without("1").standard_distances(0, query)
    )


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-7], lambda b: b[:100] + b"x" + b[101:], lambda _: b"", lambda _: b"no"]
)
def test_a_damaged_bank_is_not_used(damage, tmp_path: Path) -> None:
    store = BankStore(tmp_path)
    store.save("a", _bank(2)[0])
    (path,) = tmp_path.glob("*.bank")
    path.write_bytes(damage(path.read_bytes()))
    assert store.load("a") is None


def test_what_is_not_kept_is_not_there_and_nowhere_to_keep_is_no_error(tmp_path: Path) -> None:
    assert BankStore(tmp_path).load("a") is None
    nowhere = BankStore(None)
    nowhere.save("a", _bank(2)[0])
    assert nowhere.load("a") is None
    blocked = tmp_path / "file"
    blocked.write_text("")
    BankStore(blocked / "banks").save("a", _bank(2)[0])


def test_only_the_newest_banks_are_kept(tmp_path: Path) -> None:
    store, bank = BankStore(tmp_path), _bank(2)[0]
    for number in range(MOST_BANKS + 2):
        store.save(f"{number}", bank)
        os.utime(tmp_path / f"{number}.bank", (number, number))
    assert store.load("0") is None
    assert store.load(f"{MOST_BANKS + 1}") is not None
    assert len(list(tmp_path.iterdir())) == MOST_BANKS

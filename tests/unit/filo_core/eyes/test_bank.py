"""The memory bank: nearest of all patches, what good parts show among each other, and who takes part."""

import numpy as np
import pytest

from filo_core.errors import RecipeError
from filo_core.eyes import search
from filo_core.eyes.bank import PatchBank
from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import FittedFrame

FRAME = FittedFrame(32, 32, 32, 32)


def _features(seed: int, side: int = 8, width: int = 24) -> Features:
    rng = np.random.default_rng(seed)
    base = np.random.default_rng(0).normal(size=(side, side, width))
    return Features(unit((base + 0.3 * rng.normal(size=base.shape)).astype(np.float32)), FRAME, 4)


def _bank(count: int) -> tuple[PatchBank, list[tuple[str, list[Features]]]]:
    seen = [(f"{number}", [_features(number)]) for number in range(1, count + 1)]
    bank = PatchBank()
    for key, features in seen:
        bank.add(key, [one.patches for one in features])
    bank.measure(seen)
    return bank, seen


def test_good_parts_among_each_other_lie_around_zero_with_a_deviation_of_one() -> None:
    bank, seen = _bank(4)
    away = np.concatenate([bank.without(key).standard_distances(0, f[0].patches) for key, f in seen])
    assert float(away.mean()) == pytest.approx(0.0, abs=1e-4)
    assert float(away.std()) == pytest.approx(1.0, abs=1e-4)


def test_a_reference_that_leaves_takes_what_was_taught_in_it_along_and_keeps_the_scale() -> None:
    bank, _ = _bank(3)
    bank.add("1@0,0,8,8", [_features(9).patches[:2]])
    bank.add("2@0,0,8,8", [_features(9).patches[:2]])
    left = bank.without("1")
    assert len(left) == 3
    assert len(bank) == 5
    query = _features(20).patches
    np.testing.assert_array_less(bank.standard_distances(0, query) - 1e-4, left.standard_distances(0, query) + 2.0)


def test_a_taught_patch_is_near_from_then_on_and_changes_nothing_else_s_scale() -> None:
    bank, _ = _bank(3)
    strange = unit(np.random.default_rng(77).normal(size=(1, 24)).astype(np.float32))
    before = float(bank.standard_distances(0, strange)[0])
    taught = bank.copy()
    taught.add("9@1,1,2,2", [strange])
    assert float(taught.standard_distances(0, strange)[0]) < 0.0 < before
    assert float(bank.standard_distances(0, strange)[0]) == before
    taught.remove("9@1,1,2,2")
    assert float(taught.standard_distances(0, strange)[0]) == before


def test_what_is_searched_follows_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", 10)
    bank, seen = _bank(3)
    query = seen[1][1][0].patches
    assert float(bank.standard_distances(0, query).max()) < 0.0
    left = bank.without("2")
    assert float(left.standard_distances(0, query).min()) > float(bank.standard_distances(0, query).max())
    bank.remove("2")
    np.testing.assert_allclose(bank.standard_distances(0, query), left.standard_distances(0, query), atol=1e-5)
    bank.add("2", [query])
    assert float(bank.standard_distances(0, query).max()) < 0.0


def test_distances_do_not_depend_on_the_order_in_which_parts_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", 10)
    monkeypatch.setattr(search, "PROBES", 1)
    _, seen = _bank(4)
    banks = []
    for order in (seen, seen[::-1]):
        bank = PatchBank()
        for key, features in order:
            bank.add(key, [one.patches for one in features])
        bank.measure(order)
        banks.append(bank)
    query = _features(20).patches
    np.testing.assert_array_equal(*(bank.standard_distances(0, query) for bank in banks))


def test_an_empty_bank_says_what_to_do() -> None:
    with pytest.raises(RecipeError, match="add a good image"):
        PatchBank().standard_distances(0, _features(1).patches)
    with pytest.raises(RecipeError, match="add a good image"):
        PatchBank().nearest(0, _features(1).patches[0])


def test_the_nearest_stored_patch_is_named_with_its_place() -> None:
    bank, seen = _bank(3)
    found = bank.nearest(0, seen[1][1][0].patches[17])
    assert (found.key, found.index) == ("2", 17)
    assert found.distance == pytest.approx(0.0, abs=1e-5)


def test_of_a_turned_part_only_what_is_new_joins_and_it_leaves_with_the_part() -> None:
    bank, seen = _bank(3)
    strange = unit(np.random.default_rng(78).normal(size=(2, 24)).astype(np.float32))
    known = seen[1][1][0].patches[:5]
    bank.add_turned("2", [np.concatenate([known, strange])])
    bank.measure(seen)
    found = bank.nearest(0, strange[1])
    assert (found.key, found.index) == ("2", 64 + 1)
    assert bank.without("2").nearest(0, strange[1]).distance > 0.1
    assert float(bank.standard_distances(0, strange).max()) < 0.0


def test_turned_patches_that_explain_other_parts_make_the_scale_finer() -> None:
    rng = np.random.default_rng(5)
    base = unit(rng.normal(size=(8, 8, 24)).astype(np.float32))
    upright = [("a", [Features(base, FRAME, 4)]), ("b", [Features(unit(-base), FRAME, 4)])]
    bank = PatchBank()
    for key, features in upright:
        bank.add(key, [one.patches for one in features])
    bank.measure(upright)
    strange = unit(rng.normal(size=(1, 24)).astype(np.float32))
    coarse = float(bank.without("a").standard_distances(0, strange)[0])
    for key, features in upright:
        bank.add_turned(key, [-features[0].patches])
    bank.measure(upright)
    held_out = bank.without("a")
    fine = float(held_out.standard_distances(0, strange)[0])
    assert coarse < 3.0
    assert fine > 10.0
    again = PatchBank.from_arrays(bank.to_arrays()).without("a")
    assert float(again.standard_distances(0, strange)[0]) == fine

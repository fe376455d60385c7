"""How well a product's learnt names would have agreed with the last decisions, each judged by the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.errors import EvidenceError
from filo_core.naming.examples import NOTHING_WRONG
from filo_core.naming.part_types import called
from filo_core.naming.prototypes import LearnedNames
from filo_core.statistics.rates import Interval, Rate, counted_rate
from filo_core.types import UNKNOWN_TYPE
from workflows.products.learned_names import DecidedRegions, learned, read_decided

if TYPE_CHECKING:
    from filo_core.types import Recipe
    from storage.storage import Storage


@dataclass(frozen=True, slots=True)
class TypeAgreement:
    """One type of the product: what it was learnt from, and how its regions would have been called."""

    name: str
    examples: int
    agreed: Rate | None
    """Regions of this type that would have got this name; None without an example."""
    called: tuple[tuple[str, int], ...]
    """What they would have been called, most often first; unknown among them."""


@dataclass(frozen=True, slots=True)
class NameAgreement:
    """Of all types of a product."""

    types: tuple[TypeAgreement, ...]
    agreed: Rate | None
    """Regions that would have got the name that people gave them; a region left unknown has not."""
    named: Rate | None
    """Of the regions that would have got any name, those whose name people gave them."""
    good_named: Rate | None
    """Regions of parts that people called good which would have got a name, although nothing is wrong there."""
    temperature: float
    elsewhere: int
    """Named regions that other eyes looked at: they do not count."""


def name_agreement(storage: Storage, recipe: Recipe) -> NameAgreement:
    """How the names of a recipe's product agree with what people decided; leave-one-out, a picture at a time.

    Raises:
        ProductError: if there is no such product.
        StorageError: if the record cannot be read.
    """
    decided = read_decided(storage, recipe)
    listed = [anomaly.name for anomaly in recipe.anomaly_types if anomaly.enabled]
    return agreement_of(decided, learned(decided, recipe), listed)


def agreement_of(decided: DecidedRegions, names: LearnedNames, listed: Sequence[str]) -> NameAgreement:
    """The same from decisions that were read; ``listed`` types come first, whether there are examples or not."""
    pairs = [(one.name, one.named) for one in names.left_out()]
    good = [example for example in decided.examples if example.name == NOTHING_WRONG]
    wrongly = sum(called(names.shares(example.embedding))[0] != UNKNOWN_TYPE for example in good)
    any_name = [(true, said) for true, said in pairs if said != UNKNOWN_TYPE]
    return NameAgreement(
        types=tuple(_of_type(name, pairs) for name in dict.fromkeys([*listed, *names.names])),
        agreed=_rate(sum(true == said for true, said in pairs), len(pairs)),
        named=_rate(sum(true == said for true, said in any_name), len(any_name)),
        good_named=_rate(wrongly, len(good)),
        temperature=names.temperature,
        elsewhere=decided.elsewhere,
    )


def _of_type(name: str, pairs: Sequence[tuple[str, str]]) -> TypeAgreement:
    said = Counter(said for true, said in pairs if true == name)
    return TypeAgreement(name, said.total(), _rate(said[name], said.total()), tuple(said.most_common()))


def _rate(count: int, of: int) -> Rate | None:
    try:
        return counted_rate(count, of, "decided regions", Interval.CLOPPER_PEARSON)
    except EvidenceError:
        return None

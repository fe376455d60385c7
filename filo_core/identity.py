"""Which part it was: serial, lot, order and three fields of the customer's own, as somebody outside said it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime

from filo_core.sentence import Sentence

LONGEST_FIELD = 120
"""Characters of one field: a Code 128 holds 80, a serial in a DataMatrix seldom more than 50."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An empty field was not said. Two spellings are two parts: nothing is folded or guessed."""

    serial: str = ""
    lot: str = ""
    order: str = ""
    field_1: str = ""
    """What the customer calls it stands in the settings."""
    field_2: str = ""
    field_3: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in FIELDS)

    @property
    def said(self) -> dict[str, str]:
        """The fields that were said, by their names."""
        return {name: value for name in FIELDS if (value := getattr(self, name))}

    @property
    def words(self) -> str:
        """For a line on a screen: the serial alone, the others with their names."""
        return ", ".join(value if name == "serial" else f"{name} {value}" for name, value in self.said.items())

    def completed(self, other: Identity) -> Identity:
        """This one, with what it does not say taken from another."""
        return replace(self, **{name: value for name, value in other.said.items() if not getattr(self, name)})

    def includes(self, other: Identity) -> bool:
        """Whether this one says all that another says, in the same words."""
        return all(self.said.get(name) == value for name, value in other.said.items())

    def contradicted(self, other: Identity) -> tuple[str, ...]:
        """Names of the fields that both say, and differently."""
        mine = self.said
        return tuple(name for name, value in other.said.items() if mine.get(name, value) != value)


FIELDS = tuple(one.name for one in fields(Identity))
OWN_FIELDS = ("field_1", "field_2", "field_3")
"""The customer's own, whose names are a setting."""
TRIGGER_WORDS = ("id", "repeat")
"""What a trigger says beside the fields: none of the customer's own can be called so."""
NOBODY = Identity()
"""Nobody has said which part it is."""


MOST_TIMES = 100
"""So many inspections of a serial are counted: a scanner that is stuck must not make each part slower than the last."""


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """A serial that the product's record has already."""

    times: int
    """Inspections of it before this one, :data:`MOST_TIMES` at most."""
    verdict: str
    """What counts of the newest of them."""
    at: datetime
    """When that was, UTC."""
    inspection_id: int

    @property
    def sentence(self) -> Sentence:
        """In words."""
        rest = {"count": self.times, "verdict": self.verdict, "at": self.at}
        if self.times == 1:
            return Sentence("Seen before: inspected once, as {verdict} at {at:%Y-%m-%d %H:%M:%S}.", **rest)
        if self.times < MOST_TIMES:
            return Sentence(
                "Seen before: inspected {count} times, last as {verdict} at {at:%Y-%m-%d %H:%M:%S}.", **rest
            )
        return Sentence(
            "Seen before: inspected {count} times or more, last as {verdict} at {at:%Y-%m-%d %H:%M:%S}.", **rest
        )

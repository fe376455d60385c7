"""Who may do what, for window, command line and service alike, and how an entry point says what it asks for.

Whatever changes the record, or takes something out of it, is marked with :func:`asks` or :func:`free`; a test walks
all of them, so that a new one cannot be forgotten. The asking itself is :meth:`workflows.people.access.Access.require`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from filo_core.types import Role

F = TypeVar("F", bound=Callable[..., object])
RIGHTS, FREE = "__rights__", "__free__"

_RANK = {role: rank for rank, role in enumerate(Role)}


class Right(Enum):
    """What needs a person, and the least role that may do it."""

    REVIEW = ("review a verdict", Role.OPERATOR)
    OVERRULE = ("overrule a verdict", Role.SUPERVISOR)
    SIGN_OFF = ("sign a recipe off", Role.SUPERVISOR)
    DELETE = ("delete a product", Role.SUPERVISOR)
    IMPORT = ("import a product", Role.SUPERVISOR)
    STUDY = ("lay down a capability study", Role.SUPERVISOR)
    GOLDEN_SET = ("change a golden set", Role.SUPERVISOR)
    RELEASE = ("let an inspection go on", Role.SUPERVISOR)
    EXPORT = ("export from the record", Role.SUPERVISOR)
    REMOVE_IMAGES = ("remove images", Role.SUPERVISOR)
    SETTINGS = ("change settings", Role.SUPERVISOR)
    CONNECTIONS = ("change databases and secrets", Role.ADMIN)
    FORWARD = ("forward the record", Role.ADMIN)
    BACK_UP = ("back up the record", Role.ADMIN)
    RESTORE = ("restore the record", Role.ADMIN)
    INSTALL = ("install models", Role.ADMIN)
    DISCARD_VERDICTS = ("discard verdicts", Role.ADMIN)
    ACKNOWLEDGE_ALARMS = ("acknowledge an alarm", Role.OPERATOR)
    SETTLE_ALARMS = ("settle an alarm of the record", Role.ADMIN)
    MANAGE_USERS = ("manage users", Role.ADMIN)

    @property
    def words(self) -> str:
        """What is done, after "may"."""
        return self.value[0]

    @property
    def role(self) -> Role:
        """The least role that it is given to."""
        return self.value[1]

    @property
    def who(self) -> str:
        """Whom to ask for it."""
        role = self.role.value
        return f"{'a' if role[0] not in 'aeiou' else 'an'} {role}"

    def is_given_to(self, role: Role) -> bool:
        """True if the role is high enough."""
        return _RANK[role] >= _RANK[self.role]


def asks(*rights: Right) -> Callable[[F], F]:
    """Say of an entry point which rights it asks for once there are users; with several, what is done decides."""

    def mark(entry: F) -> F:
        setattr(entry, RIGHTS, rights)
        return entry

    return mark


def free(why: str) -> Callable[[F], F]:
    """Say of an entry point that it asks nobody, and why that is right."""

    def mark(entry: F) -> F:
        setattr(entry, FREE, why)
        return entry

    return mark

"""Who may do what, for window, command line and service alike, and how an entry point says what it asks for.

Whatever changes the record, or takes something out of it, is marked with :func:`asks` or :func:`free`; a test walks
all of them, so that a new one cannot be forgotten. The asking itself is :meth:`workflows.people.access.Access.require`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from filo_core.sentence import Sentence
from filo_core.types import Role

F = TypeVar("F", bound=Callable[..., object])
RIGHTS, FREE = "__rights__", "__free__"

_RANK = {role: rank for rank, role in enumerate(Role)}
_ASKED = {
    Role.OPERATOR: Sentence("an operator"),
    Role.SUPERVISOR: Sentence("a supervisor"),
    Role.ADMIN: Sentence("an admin"),
}


class Right(Enum):
    """What needs a person, and the least role that may do it."""

    REVIEW = (Sentence("review a verdict"), Role.OPERATOR)
    OVERRULE = (Sentence("overrule a verdict"), Role.SUPERVISOR)
    SIGN_OFF = (Sentence("sign a recipe off"), Role.SUPERVISOR)
    DELETE = (Sentence("delete a product"), Role.SUPERVISOR)
    IMPORT = (Sentence("import a product"), Role.SUPERVISOR)
    STUDY = (Sentence("lay down a capability study"), Role.SUPERVISOR)
    GOLDEN_SET = (Sentence("change a golden set"), Role.SUPERVISOR)
    RELEASE = (Sentence("let an inspection go on"), Role.SUPERVISOR)
    EXPORT = (Sentence("export from the record"), Role.SUPERVISOR)
    REMOVE_IMAGES = (Sentence("remove images"), Role.SUPERVISOR)
    SETTINGS = (Sentence("change settings"), Role.SUPERVISOR)
    CONNECTIONS = (Sentence("change databases and secrets"), Role.ADMIN)
    FORWARD = (Sentence("forward the record"), Role.ADMIN)
    BACK_UP = (Sentence("back up the record"), Role.ADMIN)
    RESTORE = (Sentence("restore the record"), Role.ADMIN)
    INSTALL = (Sentence("install models"), Role.ADMIN)
    DISCARD_VERDICTS = (Sentence("discard verdicts"), Role.ADMIN)
    ACKNOWLEDGE_ALARMS = (Sentence("acknowledge an alarm"), Role.OPERATOR)
    SETTLE_ALARMS = (Sentence("settle an alarm of the record"), Role.ADMIN)
    MANAGE_USERS = (Sentence("manage users"), Role.ADMIN)

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
        return _ASKED[self.role]

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

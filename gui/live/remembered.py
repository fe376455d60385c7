"""Keeps in the settings what Live was started with, away from the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.line.triggers.base import TriggerKind
from gui.background import Background
from workflows.people.changing import change_settings
from workflows.settings.file import overridden_fields

if TYPE_CHECKING:
    from gui.state import AppState
    from workflows.line.triggers import TriggerChoice


class RememberedTrigger:
    """Written when live inspection starts; a disk that refuses costs the choice, never the inspection."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._background = Background()

    @property
    def is_busy(self) -> bool:
        """True while it is being written."""
        return self._background.is_busy

    def remember(self, choice: TriggerChoice, deadline_s: float) -> None:
        """Start with both the next time; where a variable decides, the variable keeps deciding."""
        settings = self._state.settings
        if choice.has_password:
            # It is refused, and must not be in a file or in the record before that.
            return
        wanted: dict[str, object] = {"trigger_kind": choice.kind.value, "trigger_place": choice.place}
        if choice.kind is not TriggerKind.CONTINUOUS:
            wanted["deadline_s"] = deadline_s
        changes = {
            name: value
            for name, value in wanted.items()
            if name not in overridden_fields() and getattr(settings, name) != value
        }
        if changes:
            self._state.set_settings(settings.model_copy(update=changes))
            access = self._state.workbench.access
            self._background.run(lambda: change_settings(access, settings, changes), lambda _: None, lambda _: None)

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._background.close()

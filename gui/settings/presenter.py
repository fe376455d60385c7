"""Changed settings on their way into the file: checked, written, and in force where that is possible at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr
from PySide6.QtCore import QObject, Signal

from filo_core.errors import FiloError
from gui.background import Background, sentence_of
from gui.settings.wording import inspecting_sentence
from workflows.redaction import redact
from workflows.settings_check import installed_profiles, problems_of
from workflows.settings_file import overridden_fields, variable_of, write_settings_file

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.profiles.manifest import ModelProfile
    from gui.state import AppState
    from workflows.settings import Settings

FIELDS = (
    "profile",
    "device",
    "database",
    "station",
    "keep_days",
    "image_quota_gb",
    "source_kind",
    "source_value",
    "llm_base_url",
    "llm_model",
    "language",
    "theme",
    "font_scale",
)
"""All that are shown. The key of the language model is not among them: it is only ever written."""
AT_THE_NEXT_START = frozenset({"station", "database"})
OF_THE_MODEL = ("profile", "device")
"""Change the model in use, which has to stand still for that."""
KEY = "llm_api_key"
Value = str | float | None
"""None where nothing is restricted."""


class SettingsPresenter(QObject):
    """``values`` is what the screen shows; :meth:`save` makes it so."""

    values_changed = Signal()
    problems_changed = Signal()
    saved = Signal(object)
    """Fields that were changed, as a frozenset; those of them in ``AT_THE_NEXT_START`` wait for it."""
    failed = Signal(str, str)
    """A sentence and technical details."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._background = Background()
        self._new_key: str | None = None
        self.overridden = overridden_fields()
        self.problems: dict[str, str] = {}
        self.values: dict[str, Value] = self._in_force()
        self._stored = dict(self.values)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._state.settings

    @property
    def has_key(self) -> bool:
        """Whether a key of the language model is set; what it is stays unsaid."""
        return bool(self.settings.llm_api_key.get_secret_value())

    @property
    def is_changed(self) -> bool:
        """Whether anything waits to be saved."""
        return self.values != self._stored or self._new_key is not None

    def variable(self, field: str) -> str:
        """The variable that decides ``field`` just now; empty where the screen does."""
        return variable_of(field) if field in self.overridden else ""

    def profiles(self) -> tuple[ModelProfile, ...]:
        """The model profiles to choose among."""
        return installed_profiles(self.settings.models)

    def set_value(self, field: str, value: Value) -> None:
        """Change a setting; nothing is kept before :meth:`save`."""
        if field not in self.overridden and self.values[field] != value:
            self.values[field] = value
            if self.problems.pop(field, None) is not None:
                self.problems_changed.emit()
            self.values_changed.emit()

    def set_key(self, key: str | None) -> None:
        """Another key of the language model; an empty one removes it, None leaves it as it is."""
        if KEY not in self.overridden and key != self._new_key:
            self._new_key = key
            self.values_changed.emit()

    def undo(self) -> None:
        """Forget what was not saved."""
        self._new_key = None
        self.values = dict(self._stored)
        self.problems = {}
        self.problems_changed.emit()
        self.values_changed.emit()

    def save(self) -> None:
        """Check everything away from the window's thread, then write what changed and put it in force."""
        values, key = {name: _tidy(value) for name, value in self.values.items()}, self._new_key
        changes: dict[str, object] = {name: value for name, value in values.items() if value != self._stored[name]}
        if key is not None:
            changes[KEY] = key.strip()
        if any(name in changes for name in OF_THE_MODEL) and self._is_model_in_use():
            return
        home, models = self.settings.home, self.settings.models

        def work() -> dict[str, str]:
            # What a variable decides is not the user's to mend here.
            problems = {name: said for name, said in problems_of(values, models).items() if name not in self.overridden}
            if "database" in changes:
                # Only then: a server that is away must not keep anybody from changing the theme.
                problems |= _database_problem(str(changes["database"]), home)
            if not problems:
                write_settings_file(home, changes)
            return problems

        self._background.run(
            work,
            lambda problems: self._finish(problems, changes),
            lambda error: self.failed.emit(*sentence_of(error)),
        )

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._background.close()

    def _is_model_in_use(self) -> bool:
        """Say what has to end first, where something has."""
        sentence = inspecting_sentence(self._state.screens_at_work)
        if sentence:
            self.failed.emit(sentence, "")
        return bool(sentence)

    def _finish(self, problems: dict[str, str], changes: dict[str, object]) -> None:
        self.problems = problems
        self.problems_changed.emit()
        if problems:
            return
        update = dict(changes)
        if KEY in update:
            update[KEY] = SecretStr(str(update[KEY]))
        self._new_key = None
        self._state.set_settings(self.settings.model_copy(update=update))
        self.values = self._in_force()
        self._stored = dict(self.values)
        self.values_changed.emit()
        self.saved.emit(frozenset(changes))
        if any(name in changes for name in OF_THE_MODEL):
            self._change_model()

    def _change_model(self) -> None:
        try:
            self._state.workbench.change_model(self.settings)
        except FiloError as error:
            # Something began while the settings were checked; they are kept, and the next start has the model.
            self.failed.emit(*sentence_of(error))

    def _in_force(self) -> dict[str, Value]:
        found = {name: getattr(self.settings, name) for name in FIELDS}
        # A variable may name a server with its password.
        return found | {"database": redact(self.settings.database)}


def _database_problem(address: str, home: Path) -> dict[str, str]:
    from workflows.database_check import database_problem

    problem = database_problem(address, home)
    return {"database": problem} if problem else {}


def _tidy(value: Value) -> Value:
    return value.strip() if isinstance(value, str) else value

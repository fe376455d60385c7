"""Changed settings on their way into the file: checked, written, and in force where that is possible at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr
from PySide6.QtCore import QObject, Signal, Slot

from filo_core.descriptions.language_model import LanguageModelSettings, model_names
from filo_core.errors import FiloError
from gui.background import Background, sentence_of
from gui.settings.declared_field import Value
from gui.settings.wording import inspecting_sentence
from workflows.keeping.retention import Retention, RetentionReport, rules_of
from workflows.people.changing import change_secret, change_settings, right_for, right_for_secret
from workflows.people.rights import Right
from workflows.settings.check import installed_profiles, problems_of
from workflows.settings.declared import on_page, setting_of, typed
from workflows.settings.file import overridden_fields, variable_of
from workflows.settings.redaction import redact
from workflows.settings.secret_store import PLANT, SecretStore
from workflows.settings.setting_kinds import SettingsPage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from filo_core.profiles.eyes_manifest import EyesProfile
    from filo_core.profiles.manifest import ModelProfile
    from gui.state import AppState
    from workflows.people.access import Access
    from workflows.settings.settings import Settings

FIELDS = tuple(name for page in SettingsPage for name in on_page(page))
"""All that are shown. Secrets are not among them: they are only ever written."""
OF_RETENTION = frozenset({"keep_days", "image_quota_gb"})
"""Images may go by them, which is asked for first."""
OF_THE_MODEL = ("profile", "device")
"""Change the model in use, which has to stand still for that."""
KEY, PLANT_PASSWORD = "llm_api_key", "plant_password"
AT_THE_NEXT_START = frozenset({name for name in FIELDS if setting_of(name).after_restart} | {PLANT_PASSWORD})
_LISTED_WITHIN_S = 20.0
_DECIDED_WITH = {PLANT_PASSWORD: "plant_database"}


class SettingsPresenter(QObject):
    """``values`` is what the screen shows; :meth:`save` makes it so."""

    rights_changed = Signal()
    """Somebody else is signed in, or nobody: see :meth:`lacks`."""
    values_changed = Signal()
    problems_changed = Signal()
    saved = Signal(object)
    """Fields that were changed, as a frozenset; those of them in ``AT_THE_NEXT_START`` wait for it."""
    images_would_go = Signal(object)
    """A :class:`~workflows.keeping.retention.RetentionReport` of what the changed rules would remove; nothing is kept
    before :meth:`save` is called again and told that this is agreed to."""
    names_found = Signal(object)
    """Names of the models that the language model's address has."""
    failed = Signal(str, str)
    """A sentence and technical details."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._background = Background()
        # An endpoint that never answers must not keep the window from closing.
        self._asking = Background(waited_for=False)
        self._new_secrets: dict[str, SecretStr] = {}
        # Asked of the disk once, not at every key that is pressed.
        self._has_plant_password = PLANT in SecretStore(self.settings.home).names()
        self.overridden = overridden_fields()
        self.problems: dict[str, str] = {}
        self.values: dict[str, Value] = self._in_force()
        self._stored = dict(self.values)
        self._may: Callable[[Right], bool] = lambda _: True
        self._read_rights()
        state.operator_changed.connect(self._on_operator_changed)

    def lacks(self, field: str) -> Right | None:
        """The right that whoever is at work lacks to change this setting or secret; None where they may."""
        secret = {PLANT_PASSWORD: PLANT}.get(field)
        right = right_for_secret(secret) if secret else right_for(field)
        return right if right is not None and not self._may(right) else None

    @Slot()
    def _on_operator_changed(self) -> None:
        self._read_rights()
        self.undo()
        self.rights_changed.emit()

    def _read_rights(self) -> None:
        """Asked of the record when somebody signs in or out, not at every key that is pressed."""
        user, is_needed = self._state.signed_in, self._state.asks_for_sign_in
        self._may = lambda right: not is_needed or (user is not None and right.is_given_to(user.role))

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._state.settings

    def has_secret(self, name: str) -> bool:
        """Whether ``KEY`` or ``PLANT_PASSWORD`` is kept; what it is stays unsaid."""
        if name == KEY:
            return bool(self.settings.llm_api_key.get_secret_value())
        return self._has_plant_password

    @property
    def is_changed(self) -> bool:
        """Whether anything waits to be saved."""
        return self.values != self._stored or bool(self._new_secrets)

    def variable(self, field: str) -> str:
        """The variable that decides ``field`` just now; empty where the screen does."""
        field = _DECIDED_WITH.get(field, field)
        return variable_of(field) if field in self.overridden else ""

    def profiles(self) -> tuple[ModelProfile | EyesProfile, ...]:
        """The model profiles to choose among."""
        return installed_profiles(self.settings.models)

    def set_value(self, field: str, value: Value) -> None:
        """Change a setting; nothing is kept before :meth:`save`."""
        if field not in self.overridden and self.lacks(field) is None and self.values[field] != value:
            self.values[field] = value
            if self.problems.pop(field, None) is not None:
                self.problems_changed.emit()
            self.values_changed.emit()

    def set_secret(self, name: str, value: str | None) -> None:
        """Another ``KEY`` or ``PLANT_PASSWORD``; an empty one removes it, None leaves it as it is."""
        if self.variable(name) or self.lacks(name) is not None:
            return
        if value is None:
            self._new_secrets.pop(name, None)
        else:
            self._new_secrets[name] = SecretStr(value.strip())
        self.values_changed.emit()

    def ask_for_names(self) -> None:
        """Ask the address that is typed which models it has; ``names_found`` or ``failed`` tells.

        A key that is kept goes to the address that it was kept for, and to no other.
        """
        address = str(self.values["llm_base_url"]).strip()
        kept = self.settings.llm_api_key if address == self.settings.llm_base_url else SecretStr("")
        asked = LanguageModelSettings(
            base_url=address,
            model=str(self.values["llm_model"]),
            api_key=self._new_secrets.get(KEY, kept),
            timeout_s=_LISTED_WITHIN_S,
        )
        self._asking.run(
            partial(model_names, asked), self.names_found.emit, lambda error: self.failed.emit(*sentence_of(error))
        )

    def undo(self) -> None:
        """Forget what was not saved."""
        self._new_secrets = {}
        self.values = dict(self._stored)
        self.problems = {}
        self.problems_changed.emit()
        self.values_changed.emit()

    def save(self, *, agreed: bool = False) -> None:
        """Check everything away from the window's thread, then write what changed and put it in force.

        Args:
            agreed: that the images go of which :attr:`images_would_go` has told.
        """
        values, secrets = {name: _tidy(value) for name, value in self.values.items()}, dict(self._new_secrets)
        changes: dict[str, object] = {name: value for name, value in values.items() if value != self._stored[name]}
        if any(name in changes for name in OF_THE_MODEL) and self._is_model_in_use():
            return
        if not agreed and OF_RETENTION & changes.keys():
            self._count_what_goes(changes)
            return
        settings, access = self.settings, self._state.workbench.access
        home, models = settings.home, settings.models

        def work() -> dict[str, str]:
            # What a variable decides is not the user's to mend here.
            problems = {name: said for name, said in problems_of(values, models).items() if name not in self.overridden}
            problems |= _server_problems(values, {*changes, *secrets}, home, secrets.get(PLANT_PASSWORD))
            if not problems:
                _write(access, settings, changes, secrets)
            return problems

        self._background.run(
            work,
            lambda problems: self._finish(problems, changes, secrets),
            lambda error: self.failed.emit(*sentence_of(error)),
        )

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._background.close()
        self._asking.close()

    def _count_what_goes(self, changes: dict[str, object]) -> None:
        storage, settings = self._state.workbench.storage, self.settings
        rules = rules_of(settings.model_copy(update={name: changes[name] for name in OF_RETENTION & changes.keys()}))

        def then(report: RetentionReport) -> None:
            if report.files:
                self.images_would_go.emit(report)
            else:
                self.save(agreed=True)

        self._background.run(
            lambda: Retention(storage, rules).run(dry=True), then, lambda error: self.failed.emit(*sentence_of(error))
        )

    def _is_model_in_use(self) -> bool:
        """Say what has to end first, where something has."""
        sentence = inspecting_sentence(self._state.screens_at_work)
        if sentence:
            self.failed.emit(sentence, "")
        return bool(sentence)

    def _finish(self, problems: dict[str, str], changes: dict[str, object], secrets: dict[str, SecretStr]) -> None:
        self.problems = problems
        self.problems_changed.emit()
        if problems:
            return
        update = {name: typed(name, value) for name, value in changes.items()}
        if KEY in secrets:
            update[KEY] = secrets[KEY]
        if PLANT_PASSWORD in secrets:
            self._has_plant_password = bool(secrets[PLANT_PASSWORD].get_secret_value())
        self._new_secrets = {}
        self._state.set_settings(self.settings.model_copy(update=update))
        self.values = self._in_force()
        self._stored = dict(self.values)
        self.values_changed.emit()
        self.saved.emit(frozenset({*changes, *secrets}))
        if any(name in changes for name in OF_THE_MODEL):
            self._change_model()

    def _change_model(self) -> None:
        try:
            self._state.workbench.change_model(self.settings)
        except FiloError as error:
            # Something began while the settings were checked; they are kept, and the next start has the model.
            self.failed.emit(*sentence_of(error))

    def _in_force(self) -> dict[str, Value]:
        return {name: _shown(getattr(self.settings, name)) for name in FIELDS}


def _shown(value: object) -> Value:
    """A setting as its control has it."""
    match value:
        case SecretStr():
            return redact(value.get_secret_value())
        case tuple():
            return ", ".join(map(str, value))
        case bool() | int() | float() | None:
            return value
    # A variable may name a server with its password.
    return redact(str(value)) if "://" in str(value) else str(value)


def _server_problems(
    values: dict[str, Value], changed: set[str], home: Path, plant_password: SecretStr | None
) -> dict[str, str]:
    """What is wrong with the databases that were changed.

    Only those: a server that is away must not keep anybody from changing the theme.
    """
    from workflows.settings.database_check import database_problem, plant_problem

    own, plant = str(values["database"]), str(values["plant_database"])
    problems = {}
    if "database" in changed:
        problems["database"] = database_problem(own, home)
    if changed & {"plant_database", PLANT_PASSWORD}:
        password = plant_password.get_secret_value() if plant_password is not None else None
        problems["plant_database"] = plant_problem(plant, own, home, password)
    return {name: said for name, said in problems.items() if said}


def _write(access: Access, settings: Settings, changes: dict[str, object], secrets: dict[str, SecretStr]) -> None:
    key = {KEY: secrets[KEY].get_secret_value()} if KEY in secrets else {}
    if PLANT_PASSWORD in secrets:
        change_secret(access, settings.home, PLANT, secrets[PLANT_PASSWORD].get_secret_value())
    change_settings(access, settings, changes | key)


def _tidy(value: Value) -> Value:
    return value.strip() if isinstance(value, str) else value

"""What the program works with, in groups, saved by one button."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QComboBox, QCompleter, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from filo_core.packaged import as_called
from gui.file_manager import show_folder
from gui.settings.card import SettingsCard
from gui.settings.declared_field import control_of, show_value
from gui.settings.field import Field
from gui.settings.presenter import AT_THE_NEXT_START, FIELDS, KEY, PLANT_PASSWORD, SettingsPresenter
from gui.settings.retention_question import wants_to_remove
from gui.settings.secret_field import SecretField
from gui.settings.wording import category_name, field_name, role_in_words
from gui.state import AppState
from gui.theme import SPACE
from gui.translation import in_language
from gui.widgets.controls import ElidedLabel, button, plain_label, set_shown
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from workflows.keeping.retention import RetentionReport
from workflows.line.triggers import open_door_of
from workflows.settings.declared import on_page, setting_of
from workflows.settings.setting_kinds import SettingsPage


class GeneralPage(QWidget):
    """Shows what :class:`SettingsPresenter` holds: every setting of the table that has a page."""

    category_wanted = Signal(object)
    """The :class:`SettingsPage` of what is wrong has to be seen."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.presenter = SettingsPresenter(state, self)
        self.fields: dict[str, Field] = {}
        self.cards: dict[SettingsPage, SettingsCard] = {}
        self.message = MessageFold(self)
        self.save_button = button(self.tr("&Save"), "check", primary=True, tip=self.tr("Save these settings (Ctrl+S)"))
        self.undo_button = button(self.tr("&Undo"), "undo", tip=self.tr("Discard unsaved changes"))
        self._make_fields()
        self._lay_out()
        self._connect()
        self._on_rights_changed()
        self._on_values_changed()
        self.message.show_warning(open_door_of(state.settings))

    # Building --------------------------------------------------------------------------------------------------

    def _make_fields(self) -> None:
        for name in FIELDS:
            control = control_of(name, partial(self.presenter.set_value, name), self)
            self.fields[name] = Field(field_name(name), control, self._note(name), self)
        self._list_profiles()
        self.names_button = button(self.tr("&List the models"), "search", tip=self.tr("Ask the address what it has"))
        self.key = SecretField(field_name(KEY), self._note(KEY), self.tr("&Remove the key"), self)
        kept = in_language(setting_of(KEY).help) + " " + self.tr("After a restart.")
        self.password = SecretField(field_name(PLANT_PASSWORD), kept, self.tr("Re&move the password"), self)
        self.fields |= {KEY: self.key.field, PLANT_PASSWORD: self.password.field}
        self._lock_what_variables_decide()

    def _note(self, name: str) -> str:
        setting = setting_of(name)
        later = self.tr("After a restart.") if setting.after_restart else ""
        return " ".join(filter(None, (as_called(in_language(setting.help)), later)))

    def _lock_what_variables_decide(self) -> None:
        for name, field in self.fields.items():
            if variable := self.presenter.variable(name):
                field.lock(variable)
        for name, secret in ((KEY, self.key), (PLANT_PASSWORD, self.password)):
            if variable := self.presenter.variable(name):
                secret.lock(variable)

    def _profiles(self) -> list[tuple[str, str]]:
        return [(self._profile_text(p.name, p.trained), p.name) for p in self.presenter.profiles()]

    def _profile_text(self, name: str, trained: bool) -> str:
        return f"{name} ({self.tr('trained') if trained else self.tr('untrained')})"

    def _control(self, name: str, kind: type[QLineEdit]) -> QLineEdit:
        control = self.fields[name].control
        assert isinstance(control, kind), name
        return control

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, SPACE, 0)
        column.setSpacing(SPACE)
        for category in SettingsPage:
            self.cards[category] = self._card(category)
            column.addWidget(self.cards[category])
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(self.tr("General settings"))
        area.setWidget(content)
        self._area = area
        line = QHBoxLayout()
        line.addWidget(self.message, 100)
        line.addStretch(1)
        line.addWidget(self.undo_button)
        line.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(area, 1)
        layout.addLayout(line)

    def _card(self, category: SettingsPage) -> SettingsCard:
        fields: dict[Field, QWidget] = {self.fields[name]: self.fields[name] for name in on_page(category)}
        if category is SettingsPage.LANGUAGE_MODEL:
            fields[self.key.field] = self.key
        if category is SettingsPage.PLANT:
            fields[self.password.field] = self.password
        card = SettingsCard(category_name(category), fields, self)
        if category is SettingsPage.LANGUAGE_MODEL:
            card.put(self.names_button, after=self.fields["llm_model"])
        if category is SettingsPage.RECORD:
            self.where = ElidedLabel(self._state.workbench.storage.where, self)
            self.show_folder_button = button(self.tr("Show the &folder"), "folder")
            for widget in (self.show_folder_button, self.where, plain_label(self.tr("Where it is now"), wrap=False)):
                card.put(widget)
        return card

    def show_category(self, category: SettingsPage | None) -> None:
        """Show one page of the settings; all of them for None."""
        for one, card in self.cards.items():
            card.search("")
            set_shown(card, category in {None, one})

    def search(self, text: str) -> frozenset[SettingsPage]:
        """Show every setting that has ``text`` in its caption or note; back come the pages that have one."""
        found = frozenset(one for one, card in self.cards.items() if card.search(text.strip()))
        for one, card in self.cards.items():
            set_shown(card, one in found)
        return found

    def _connect(self) -> None:
        presenter = self.presenter
        presenter.values_changed.connect(self._on_values_changed)
        presenter.rights_changed.connect(self._on_rights_changed)
        presenter.problems_changed.connect(self._on_problems_changed)
        presenter.saved.connect(self._on_saved)
        presenter.images_would_go.connect(self._on_images_would_go)
        presenter.failed.connect(self.message.show_error)
        presenter.names_found.connect(self._on_names_found)
        self.names_button.clicked.connect(self.list_models)
        self.save_button.clicked.connect(self.save)
        self.undo_button.clicked.connect(self.undo)
        self.key.wished.connect(partial(presenter.set_secret, KEY))
        self.password.wished.connect(partial(presenter.set_secret, PLANT_PASSWORD))
        self.show_folder_button.clicked.connect(self._on_show_folder_clicked)
        on_key(QKeySequence.StandardKey.Save, self, self.save_button.click)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "fields"):
            for field in self.fields.values():
                field.recolour()

    def close_down(self) -> None:
        """Expect nothing any more; called before the window closes."""
        self.presenter.close_down()

    def reload_profiles(self) -> None:
        """Offer the model profiles that are here now; what is chosen stays chosen."""
        self._list_profiles()
        self._on_values_changed()

    def _list_profiles(self) -> None:
        box = self.fields["profile"].control
        assert isinstance(box, QComboBox), "the profiles are listed"
        box.clear()
        for text, name in self._profiles():
            box.addItem(text, name)

    # Wishes ----------------------------------------------------------------------------------------------------

    def list_models(self) -> None:
        """Ask the language model's address for the names of its models."""
        self.message.clear()
        self.presenter.ask_for_names()

    def _on_names_found(self, names: tuple[str, ...]) -> None:
        """Offer the names in the field, and say how many they are."""
        edit = self._control("llm_model", QLineEdit)
        completer = QCompleter(list(names), edit)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.activated.connect(lambda name: self.presenter.set_value("llm_model", str(name)))
        edit.setCompleter(completer)
        if edit.isEnabled() and self.isVisible():
            edit.setFocus()
            completer.complete()
        self.message.show_note(self.tr("%1 models are at this address.").replace("%1", str(len(names))))

    def save(self) -> None:
        """Keep what is shown."""
        self.message.clear()
        self.presenter.save()

    def undo(self) -> None:
        """Go back to what is in force."""
        self.message.clear()
        self._clear_secrets()
        self.presenter.undo()

    def _clear_secrets(self) -> None:
        for secret in (self.key, self.password):
            secret.edit.clear()

    def _on_show_folder_clicked(self) -> None:
        show_folder(self.presenter.settings.home)

    # Showing ---------------------------------------------------------------------------------------------------

    def _on_rights_changed(self) -> None:
        self._clear_secrets()
        for name, field in self.fields.items():
            lacking = self.presenter.lacks(name)
            field.allow(role_in_words(lacking.role) if lacking is not None else "")
        self.names_button.setEnabled(self.presenter.lacks("llm_model") is None)
        for name, secret in ((KEY, self.key), (PLANT_PASSWORD, self.password)):
            lacking = self.presenter.lacks(name)
            secret.allow(role_in_words(lacking.role) if lacking is not None else "")

    def _on_values_changed(self) -> None:
        for name, value in self.presenter.values.items():
            show_value(self.fields[name].control, value)
        has = self.presenter.has_secret
        self.key.show_kept(
            has(KEY), self.tr("A key is set. Type another one to replace it."), self.tr("No key is set.")
        )
        kept = self.tr("A password is kept. Type another one to replace it.")
        self.password.show_kept(has(PLANT_PASSWORD), kept, self.tr("No password is kept."))
        for control in (self.save_button, self.undo_button):
            control.setEnabled(self.presenter.is_changed)

    def _on_problems_changed(self) -> None:
        problems = self.presenter.problems
        for name, field in self.fields.items():
            field.set_problem(problems.get(name, ""))
        if problems:
            self.message.show_error(self.tr("Nothing was saved. The problem is shown below each field."))
            first = next(iter(problems))
            self.category_wanted.emit(setting_of(first).page)
            self.fields[first].control.setFocus()

    def _on_images_would_go(self, report: RetentionReport) -> None:
        if wants_to_remove(report, self):
            self.presenter.save(agreed=True)
        else:
            self.message.show_note(self.tr("Nothing was saved, and no image is removed."))

    def _on_saved(self, changed: frozenset[str]) -> None:
        self._clear_secrets()
        names = (*self.presenter.values, PLANT_PASSWORD)
        waiting = [field_name(name) for name in names if name in changed & AT_THE_NEXT_START]
        if waiting:
            text = self.tr("Saved. After a restart: %1.").replace("%1", ", ".join(waiting))
        else:
            text = self.tr("Saved, and in force.")
        self.message.show_note(text)

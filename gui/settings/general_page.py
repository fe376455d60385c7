"""What the program works with, in groups, saved by one button."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QCompleter,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from filo_core.packaged import as_called
from gui.file_manager import show_folder
from gui.settings.controls import combo, restriction_spin, scale_spin
from gui.settings.field import Field
from gui.settings.presenter import AT_THE_NEXT_START, KEY, PLANT_PASSWORD, SettingsPresenter, Value
from gui.settings.retention_question import wants_to_remove
from gui.settings.secret_field import SecretField
from gui.settings.wording import choices, field_name, role_in_words
from gui.state import AppState
from gui.theme import SPACE
from gui.widgets.controls import ElidedLabel, HintedEdit, button, plain_label
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from workflows.keeping.retention import RetentionReport
from workflows.line.triggers import open_door_of
from workflows.settings.check import LLM_TIMEOUTS_S, LONGEST_STATION
from workflows.settings.file import LONGEST_KEEP_DAYS


class GeneralPage(QWidget):
    """Shows what :class:`SettingsPresenter` holds."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.presenter = SettingsPresenter(state, self)
        self.fields: dict[str, Field] = {}
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
        later = self.tr("After a restart.")
        self._add(
            "profile", combo(self._profiles()), self.tr("Takes effect at once, while nothing is being inspected.")
        )
        self._add("device", combo(choices("device")))
        self._add("source_kind", combo(choices("source_kind")))
        self._add(
            "source_value", self._edit(), self.tr("What Live starts with. Leave empty for the first camera found.")
        )
        note = self.tr(
            "Addresses that may write by Modbus, after Live restarts. Leave empty for the first one that does."
        )
        self._add("modbus_writers", self._edit("10.0.0.7, 10.0.3.0/24"), note)
        self._add(
            "llm_base_url",
            self._edit("http://localhost:11434/v1"),
            self.tr("Writes anomaly lists. Leave empty for none."),
        )
        self._add("llm_model", self._edit())
        self.names_button = button(self.tr("&List the models"), "search", tip=self.tr("Ask the address what it has"))
        self._add("llm_timeout_s", self._seconds_spin(), self.tr("Then the built-in library writes the list."))
        kept = self.tr("Stored with the secrets and never shown again.")
        self.key = SecretField(field_name(KEY), kept, self.tr("&Remove the key"), self)
        self._add(
            "plant_database", self._edit("postgresql+psycopg://filo@plant/filo"), self._plant_note() + " " + later
        )
        self.password = SecretField(
            field_name(PLANT_PASSWORD), kept + " " + later, self.tr("Re&move the password"), self
        )
        self.fields |= {KEY: self.key.field, PLANT_PASSWORD: self.password.field}
        note = as_called(
            self.tr(
                "Leave empty for a file in the data folder. A password is stored with “main.py secret set database”."
            )
        )
        self._add("database", self._edit("postgresql+psycopg://filo@server/filo"), note + " " + later)
        self._add("station", self._edit(), self.tr("Kept with every verdict.") + " " + later)
        self._control("station", QLineEdit).setMaxLength(LONGEST_STATION)
        note = self.tr(
            "At least this long. Then decided images may be removed after the nightly backup, never a verdict."
        )
        self._add("keep_days", restriction_spin(self, self.tr(" days"), self.tr("for ever"), LONGEST_KEEP_DAYS), note)
        note = self.tr("Confirmed OK images are removed first. Never an NG that nobody has decided.")
        self._add("image_quota_gb", restriction_spin(self, " GiB", self.tr("no limit"), 1_000_000), note)
        self._add("language", combo(choices("language")))
        self._add("theme", combo(choices("theme")))
        self._add("font_scale", scale_spin(self))
        self._lock_what_variables_decide()

    def _lock_what_variables_decide(self) -> None:
        for name, field in self.fields.items():
            if variable := self.presenter.variable(name):
                field.lock(variable)
        for name, secret in ((KEY, self.key), (PLANT_PASSWORD, self.password)):
            if variable := self.presenter.variable(name):
                secret.lock(variable)

    def _add(self, name: str, control: QWidget, note: str = "") -> None:
        self.fields[name] = Field(field_name(name), control, note, self)
        match control:
            case QComboBox():
                control.activated.connect(lambda _: self.presenter.set_value(name, str(control.currentData())))
            case QLineEdit():
                control.textEdited.connect(partial(self.presenter.set_value, name))
            case QSpinBox():
                control.valueChanged.connect(lambda value: self.presenter.set_value(name, value or None))
            case QDoubleSpinBox():
                control.valueChanged.connect(lambda value: self.presenter.set_value(name, round(value / 100.0, 2)))

    def _edit(self, placeholder: str = "") -> QLineEdit:
        edit = HintedEdit(self)
        edit.setPlaceholderText(placeholder)
        return edit

    def _seconds_spin(self) -> QSpinBox:
        spin = QSpinBox(self)
        spin.setRange(*(round(seconds) for seconds in LLM_TIMEOUTS_S))
        spin.setSuffix(" s")
        return spin

    def _plant_note(self) -> str:
        return self.tr("This station's record is forwarded there. Leave empty to keep it here.")

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
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        self._columns.setContentsMargins(0, 0, SPACE, 0)
        self._columns.setSpacing(SPACE)
        for cards in (
            (
                self._group(self.tr("Model"), "profile", "device"),
                self._group(self.tr("Camera"), "source_kind", "source_value"),
                self._plant_group(),
                self._language_model_group(),
                self._group(self.tr("PLC"), "modbus_writers"),
            ),
            (
                self._group(self.tr("Appearance"), "language", "theme", "font_scale"),
                self._record_group(),
                self._group(self.tr("Retention"), "keep_days", "image_quota_gb"),
            ),
        ):
            column = QVBoxLayout()
            column.setSpacing(SPACE)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
            self._columns.addLayout(column, 1)
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
        layout.setContentsMargins(0, SPACE, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(area, 1)
        layout.addLayout(line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Both side by side where there is room for them, else one under the other."""
        columns = (self._columns.itemAt(place) for place in range(self._columns.count()))
        needed = sum(column.minimumSize().width() + SPACE for column in columns if column is not None)
        bar = self._area.verticalScrollBar().sizeHint().width()
        narrow = needed + SPACE > self.width() - bar
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(direction)

    def _group(self, title: str, *names: str) -> QFrame:
        card = QFrame(self)
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(16, SPACE, 16, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(plain_label(title, "heading", wrap=False))
        for name in names:
            column.addWidget(self.fields[name])
        column.addStretch(1)
        return card

    def _language_model_group(self) -> QFrame:
        card = self._group(self.tr("Language model"))
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self.fields["llm_base_url"], 2, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.fields["llm_model"], 1, Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        row.addWidget(self.names_button)
        row.addStretch(1)
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertLayout(1, line)
        column.insertLayout(2, row)
        column.insertWidget(3, self.key)
        column.insertWidget(4, self.fields["llm_timeout_s"])
        return card

    def _plant_group(self) -> QFrame:
        card = self._group(self.tr("Plant"), "plant_database")
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(2, self.password)
        return card

    def _record_group(self) -> QFrame:
        card = self._group(self.tr("Record"), "database", "station")
        workbench = self._state.workbench
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        self.where = ElidedLabel(workbench.storage.where, self)
        self.show_folder_button = button(self.tr("Show the &folder"), "folder")
        column.insertWidget(1, plain_label(self.tr("Where it is now"), wrap=False))
        column.insertWidget(2, self.where)
        column.insertWidget(3, self.show_folder_button, 0, Qt.AlignmentFlag.AlignLeft)
        return card

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
        # Other letters; while it is built there are no columns yet.
        if event.type() is QEvent.Type.StyleChange and self.isVisible():
            self._fit_columns()
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "fields"):
            for field in self.fields.values():
                field.recolour()

    def close_down(self) -> None:
        """Expect nothing any more; called before the window closes."""
        self.presenter.close_down()

    def reload_profiles(self) -> None:
        """Offer the model profiles that are here now; what is chosen stays chosen."""
        box = self.fields["profile"].control
        assert isinstance(box, QComboBox)
        box.clear()
        for text, name in self._profiles():
            box.addItem(text, name)
        self._on_values_changed()

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
            self._show_value(self.fields[name].control, value)
        has = self.presenter.has_secret
        self.key.show_kept(
            has(KEY), self.tr("A key is set. Type another one to replace it."), self.tr("No key is set.")
        )
        kept = self.tr("A password is kept. Type another one to replace it.")
        self.password.show_kept(has(PLANT_PASSWORD), kept, self.tr("No password is kept."))
        for control in (self.save_button, self.undo_button):
            control.setEnabled(self.presenter.is_changed)

    def _show_value(self, control: QWidget, value: Value) -> None:
        blocker = QSignalBlocker(control)
        match control:
            case QComboBox():
                control.setCurrentIndex(control.findData(value))
            case QLineEdit() if control.text() != value:
                control.setText(str(value))
            case QSpinBox():
                # Less than one is not nothing.
                control.setValue(max(1, round(float(value))) if value else 0)
            case QDoubleSpinBox():
                control.setValue(100.0 * float(value or 0))
        blocker.unblock()

    def _on_problems_changed(self) -> None:
        problems = self.presenter.problems
        for name, field in self.fields.items():
            field.set_problem(problems.get(name, ""))
        if problems:
            self.message.show_error(self.tr("Nothing was saved. The problem is shown below each field."))
            self.fields[next(iter(problems))].control.setFocus()

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

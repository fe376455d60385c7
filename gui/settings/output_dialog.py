"""Asks for what an output needs, and tries it out before it is kept."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from gui.settings.controls import combo
from gui.settings.field import Field
from gui.settings.outputs_presenter import OutputsPresenter
from gui.settings.wording import output_kind_name, place_caption, place_example
from gui.theme import SPACE
from gui.widgets.column_area import LowArea, fit_into_window
from gui.widgets.controls import button, set_shown
from gui.widgets.message_fold import MessageFold
from workflows.settings.output_address import Output, OutputKind

_WITH_USER = frozenset({OutputKind.MQTT, OutputKind.WEBHOOK})


class OutputDialog(QDialog):
    """Stays open until the output is kept or given up. A password is only ever written, never shown."""

    def __init__(
        self, presenter: OutputsPresenter, output: Output | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._before = output
        self.setWindowTitle(self.tr("New output") if output is None else self.tr("Change an output"))
        self.setMinimumWidth(640)
        self.message = MessageFold(self, closable=False)
        self.kind_box = combo([(output_kind_name(kind), kind.value) for kind in OutputKind], self)
        self.place_edit, self.user_edit, self.password_edit, self.ca_edit = (QLineEdit(self) for _ in range(4))
        self.password_edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.secure_box = QCheckBox(self.tr("&Encrypted (TLS)"), self)
        self.secure_box.setAccessibleName(self.tr("Encrypted (TLS)"))
        self.browse_button = button(self.tr("C&hoose …"), "folder")
        self.test_button = button(self.tr("&Test"), "play", tip=self.tr("Try it out without sending a verdict"))
        self.keep_button = button(self.tr("&Save"), "check", primary=True)
        self.keep_button.setDefault(True)
        self.cancel_button = button(self.tr("Cancel"), "close")
        self._lay_out()
        self._connect()
        self._fill(output)
        self._on_kind_changed()
        fit_into_window(self)

    def _lay_out(self) -> None:
        self._kind = Field(self.tr("Kind"), self.kind_box, parent=self)
        self._user = Field(self.tr("User"), self.user_edit, self.tr("Leave empty if no sign-in is needed."), self)
        note = self.tr("Stored with the secrets and never shown again.")
        self._password = Field(self.tr("Password"), self.password_edit, note, self)
        self._ca = Field(
            self.tr("Certificate authority"), self.ca_edit, self.tr("A file. Leave empty for the system's own."), self
        )
        self._place = Field(place_caption(OutputKind.MQTT), self.place_edit, parent=self)
        page = QWidget(self)
        fields = QVBoxLayout(page)
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setSpacing(SPACE)
        fields.addWidget(self._kind)
        place = QHBoxLayout()
        place.setSpacing(SPACE)
        place.addWidget(self._place, 1)
        place.addWidget(self.browse_button, 0, Qt.AlignmentFlag.AlignBottom)
        fields.addLayout(place)
        for field in (self.secure_box, self._ca, self._user, self._password):
            fields.addWidget(field)
        fields.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.test_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.keep_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addWidget(LowArea(page, self), 1)
        layout.addWidget(self.message)
        layout.addLayout(buttons)
        order = (
            self.kind_box, self.place_edit, self.browse_button, self.secure_box, self.ca_edit, self.user_edit,
            self.password_edit, self.test_button, self.cancel_button, self.keep_button,
        )  # fmt: skip
        for before, after in pairwise(order):
            self.setTabOrder(before, after)

    def _connect(self) -> None:
        self.kind_box.currentIndexChanged.connect(self._on_kind_changed)
        self.secure_box.toggled.connect(self._on_kind_changed)
        self.browse_button.clicked.connect(self._on_browse_clicked)
        self.test_button.clicked.connect(self.test)
        self.keep_button.clicked.connect(self.keep)
        self.cancel_button.clicked.connect(self.reject)
        self._presenter.checked.connect(self._on_checked)

    def _fill(self, output: Output | None) -> None:
        if output is None:
            return
        self.kind_box.setCurrentIndex(self.kind_box.findData(output.kind.value))
        self.place_edit.setText(output.place)
        self.secure_box.setChecked(output.secure)
        self.user_edit.setText(output.user)
        self.ca_edit.setText(output.ca_file)
        if self._presenter.has_password(output):
            self.password_edit.setPlaceholderText(self.tr("A password is kept. Type another one to replace it."))

    @property
    def kind(self) -> OutputKind:
        """The kind that is chosen."""
        return OutputKind(self.kind_box.currentData())

    def output(self) -> Output:
        """What was filled in.

        Raises:
            SourceError: if that cannot be an output.
        """
        has_user = self.kind in _WITH_USER
        return Output.of(
            self.kind,
            self.place_edit.text(),
            secure=has_user and self.secure_box.isChecked(),
            user=self.user_edit.text() if has_user else "",
            ca_file=self.ca_edit.text(),
        )

    @property
    def _typed_password(self) -> str | None:
        return (self.password_edit.text() or None) if self.kind in _WITH_USER else None

    @Slot()
    def _on_kind_changed(self) -> None:
        kind = self.kind
        self._place.set_caption(place_caption(kind))
        self.place_edit.setPlaceholderText(place_example(kind))
        for field in (self._user, self._password, self.secure_box):
            set_shown(field, kind in _WITH_USER)
        set_shown(self._ca, kind is OutputKind.MQTT and self.secure_box.isChecked())
        set_shown(self.browse_button, kind is OutputKind.CSV)
        self.message.clear()

    @Slot()
    def _on_browse_clicked(self) -> None:
        begin = str(self._presenter.exports / self.place_edit.text())
        path, _ = QFileDialog.getSaveFileName(self, self.tr("File for the verdicts"), begin, "CSV (*.csv)")
        if path:
            self.place_edit.setText(path)

    @Slot()
    def test(self) -> None:
        """Try out what was filled in."""
        try:
            output = self.output()
        except FiloError as error:
            self.message.show_error(str(error))
            return
        if self.focusWidget() is self.test_button:
            # Switched off, it would hand the keyboard on to its neighbour, which gives up what was typed.
            self.keep_button.setFocus()
        self.test_button.setEnabled(False)
        self.message.show_note(self.tr("Trying …"))
        self._presenter.check(output, self._typed_password)

    @Slot(object, str)
    def _on_checked(self, _output: Output, problem: str) -> None:
        if self.test_button.isEnabled():
            return
        self.test_button.setEnabled(True)
        if problem:
            self.message.show_error(problem)
        else:
            self.message.show_note(self.tr("It works."))

    @Slot()
    def keep(self) -> None:
        """Keep the output; why that cannot be is shown here."""
        try:
            self._presenter.put(self.output(), self._typed_password, self._before)
        except FiloError as error:
            self.message.show_error(str(error))
            return
        self.password_edit.clear()
        self.accept()

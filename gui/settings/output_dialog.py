"""Asks for what an output needs, and tries it out before it is kept."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from filo_core.line.outputs.known import spec_of, specs
from filo_core.line.outputs.spec import CA_FILE, FieldKind, OutputField, OutputSpec, Where
from gui.settings.controls import combo
from gui.settings.field import Field
from gui.settings.outputs_presenter import OutputsPresenter
from gui.theme import SPACE
from gui.translation import in_language
from gui.widgets.column_area import LowArea, fit_into_window
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.message_fold import MessageFold
from workflows.settings.output_address import Output


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
        self.kind_box = combo([(in_language(spec.called), spec.kind) for spec in specs()], self)
        self.place_edit, self.user_edit, self.password_edit = (QLineEdit(self) for _ in range(3))
        self.field_edits: dict[str, QLineEdit | QCheckBox] = {}
        """What the chosen kind asks for beside, by the names of its fields."""
        self._fields: dict[str, QWidget] = {}
        self._shown_kind = ""
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
        self._place = Field("", self.place_edit, parent=self)
        self._place_help = plain_label("", "hint")
        self._own = QVBoxLayout()
        self._own.setSpacing(SPACE)
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
        for control in (self._place_help, self.secure_box, self._user, self._password):
            fields.addWidget(control)
        fields.addLayout(self._own)
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
        self.kind_box.setCurrentIndex(self.kind_box.findData(output.kind))
        self.place_edit.setText(output.place)
        self.secure_box.setChecked(output.secure)
        self.user_edit.setText(output.user)
        self._on_kind_changed()
        for name, value in (output.spec.whole(output.fields) | {CA_FILE.name: output.ca_file}).items():
            match self.field_edits.get(name):
                case QCheckBox() as box:
                    box.setChecked(bool(value))
                case QLineEdit() as edit:
                    edit.setText(value)
        if self._presenter.has_password(output):
            self.password_edit.setPlaceholderText(self.tr("A password is kept. Type another one to replace it."))

    @property
    def spec(self) -> OutputSpec:
        """The kind that is chosen."""
        return spec_of(f"{self.kind_box.currentData()}:")

    def output(self) -> Output:
        """What was filled in.

        Raises:
            SourceError: if that cannot be an output.
        """
        spec = self.spec
        told = {name: _told(control) for name, control in self.field_edits.items()}
        return Output.of(
            spec.kind,
            self.place_edit.text(),
            secure=self._is_secure,
            user=self.user_edit.text() if spec.has_user else "",
            ca_file=told.pop(CA_FILE.name, ""),
            fields={one.name: told[one.name] for one in spec.fields if one.name in told and self._is_asked_for(one)},
        )

    @property
    def _is_secure(self) -> bool:
        return bool(self.spec.secure) and self.secure_box.isChecked()

    def _is_asked_for(self, field: OutputField) -> bool:
        return self._is_secure or not field.only_secure

    @property
    def _typed_password(self) -> str | None:
        return (self.password_edit.text() or None) if self.spec.has_user else None

    @Slot()
    def _on_kind_changed(self) -> None:
        spec = self.spec
        if spec.kind != self._shown_kind:
            self._shown_kind = spec.kind
            self._ask_for(spec)
        self._place.set_caption(in_language(spec.place_caption))
        self.place_edit.setPlaceholderText(spec.place_example)
        self._place_help.setText(in_language(spec.help))
        set_shown(self._place_help, bool(spec.help))
        for field in (self._user, self._password):
            set_shown(field, spec.has_user)
        set_shown(self.secure_box, bool(spec.secure))
        for one in spec.fields:
            set_shown(self._fields[one.name], self._is_asked_for(one))
        set_shown(self.browse_button, spec.where is Where.FILE)
        self.message.clear()

    def _ask_for(self, spec: OutputSpec) -> None:
        """Controls for what this kind asks for beside, in place of those of the kind before."""
        for field in self._fields.values():
            self._own.removeWidget(field)
            field.setParent(None)
            field.deleteLater()
        self.field_edits, self._fields = {}, {}
        for one in spec.fields:
            caption, note = in_language(one.caption), in_language(one.help)
            if one.kind is FieldKind.SWITCH:
                box = QCheckBox(caption, self)
                box.setAccessibleName(caption)
                box.setAccessibleDescription(note)
                box.setToolTip(note)
                self.field_edits[one.name] = self._fields[one.name] = box
            else:
                edit = QLineEdit(self)
                edit.setPlaceholderText(one.default)
                self.field_edits[one.name] = edit
                self._fields[one.name] = Field(caption, edit, note, self)
            self._own.addWidget(self._fields[one.name])
        order = (
            self.kind_box, self.place_edit, self.browse_button, self.secure_box, self.user_edit, self.password_edit,
            *self.field_edits.values(), self.test_button, self.cancel_button, self.keep_button,
        )  # fmt: skip
        for before, after in pairwise(order):
            self.setTabOrder(before, after)

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


def _told(control: QLineEdit | QCheckBox) -> str:
    if isinstance(control, QCheckBox):
        return "true" if control.isChecked() else ""
    return control.text()

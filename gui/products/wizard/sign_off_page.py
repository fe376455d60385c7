"""Step five: the recipe at a glance, and the name of whoever answers for it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from filo_core.types import ProductDraft, ProductKind, Severity, WizardStep
from gui.products.wizard.anomaly_model import severity_word
from gui.products.wizard.page import WizardPage
from gui.products.wizard.session import DraftSession
from gui.products.wizard.steps import STEPS, step_title
from gui.state import Screen
from gui.theme import SPACE
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.untrained_note import UntrainedNote
from gui.wording import date_and_time, score

_LONGEST_SIGNATURE = 80


class SignOffPage(WizardPage):
    """Freezes the draft, and then points to where the product can be used."""

    step = WizardStep.SIGN_OFF

    step_requested = Signal(object)
    """A :class:`WizardStep` that lacks something."""

    def __init__(self, session: DraftSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._values: dict[str, QWidget] = {}
        self._asks_for_pin = False
        self._form = QFormLayout()
        self._untrained = UntrainedNote(parent=self)
        self._gap_text = plain_label()
        self._gap_button = button("", "back")
        self.name_edit = QLineEdit(self)
        self.name_edit.setAccessibleName(self.tr("Signed off by"))
        self.name_edit.setPlaceholderText(self.tr("your name"))
        self.name_edit.setMaxLength(_LONGEST_SIGNATURE)
        self.name_edit.setMaximumWidth(360)
        self.pin_edit = QLineEdit(self)
        self.pin_edit.setAccessibleName(self.tr("PIN"))
        self.pin_edit.setPlaceholderText(self.tr("your PIN again"))
        self.pin_edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin_edit.setMaximumWidth(200)
        self.sign_button = button(self.tr("&Sign off"), "check", primary=True)
        self._state_text = plain_label(role="heading")
        self.folder_button = button(self.tr("&Inspect a folder"), "folder", primary=True)
        self.live_button = button(self.tr("&Go live"), "live")
        self._gap = self._row(self._gap_button, self._gap_text)
        self._signing = self._signing_row()
        self._next = self._next_row()
        self._lay_out()
        self._connect()

    # Building --------------------------------------------------------------------------------------------------

    def _row(self, *widgets: QWidget) -> QWidget:
        row = QWidget(self)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for widget in widgets[:-1]:
            layout.addWidget(widget)
        layout.addWidget(widgets[-1], 1)
        return row

    def _signing_row(self) -> QWidget:
        row = QWidget(self)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        label = plain_label(self.tr("Signed off b&y"), wrap=False)
        label.setBuddy(self.name_edit)
        layout.addWidget(label)
        layout.addWidget(self.name_edit, 1)
        layout.addWidget(self.pin_edit)
        layout.addWidget(self.sign_button)
        layout.addStretch(1)
        return row

    def _next_row(self) -> QWidget:
        row = QWidget(self)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self.folder_button)
        layout.addWidget(self.live_button)
        layout.addStretch(1)
        return row

    def _lay_out(self) -> None:
        card = QFrame(self)
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(18, 14, 18, 14)
        self._form.setHorizontalSpacing(24)
        self._form.setVerticalSpacing(8)
        for key, title in (
            ("what", self.tr("Product")),
            ("anomalies", self.tr("Looks for")),
            ("references", self.tr("Good images")),
            ("limits", self.tr("Limits")),
            ("promise", self.tr("Evidence")),
            ("model", self.tr("Model")),
            ("changes", self.tr("Changed by this")),
        ):
            value = self._values[key] = plain_label()
            label = plain_label(title, "hint", wrap=False)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._form.addRow(label, value)
        inside.addLayout(self._form)
        self.body.addWidget(self._state_text)
        self.body.addWidget(card)
        self.body.addWidget(self._untrained)
        self.body.addWidget(self._gap)
        self.body.addWidget(self._signing)
        self.body.addWidget(self._next)
        self.body.addStretch(1)

    def _connect(self) -> None:
        self.sign_button.clicked.connect(self._on_sign_clicked)
        self.name_edit.returnPressed.connect(self._on_sign_clicked)
        self.pin_edit.returnPressed.connect(self._on_sign_clicked)
        self.pin_edit.textChanged.connect(self._update_button)
        self.name_edit.textChanged.connect(self._update_button)
        self._gap_button.clicked.connect(self._on_gap_clicked)
        self.folder_button.clicked.connect(lambda: self._open(Screen.FOLDER))
        self.live_button.clicked.connect(lambda: self._open(Screen.LIVE))
        self.session.failed.connect(self._on_failed)
        self.session.state.model_changed.connect(self._show)
        self.session.state.operator_changed.connect(self.name_edit.setText)

    # The page --------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        self.message.clear()
        self.name_edit.setText(self.session.state.operator)
        self._ask_for_pin(self.session.state.workbench.access.is_needed)
        self._show()
        waiting = self.pin_edit if self._asks_for_pin else self.name_edit
        (self.sign_button if self.sign_button.isEnabled() else waiting).setFocus()

    def _ask_for_pin(self, asked: bool) -> None:
        """Once there are users, the one who is signed in signs, and shows it with the PIN."""
        self._asks_for_pin = asked
        self.name_edit.setReadOnly(asked)
        self.pin_edit.clear()
        set_shown(self.pin_edit, asked)

    def gap(self) -> WizardStep | None:
        """The first earlier step that lacks something."""
        draft = self.session.draft
        return next((step for step in STEPS[:-1] if draft is not None and draft.missing(step)), None)

    def missing(self) -> str:
        draft, gap = self.session.draft, self.gap()
        return draft.missing(gap) if draft is not None and gap is not None else super().missing()

    @Slot()
    def _show(self) -> None:
        draft = self.session.draft
        if draft is None:
            return
        gap = self.gap()
        signed = gap is None and not draft.changed_since_signing
        for key, text in self._summary(draft).items():
            value = self._values[key]
            value.setText(text)  # type: ignore[attr-defined]
        self._state_text.setText(self._headline(draft, signed))
        self._form.setRowVisible(self._values["changes"], bool(draft.signed_version) and not signed)
        self._untrained.set_trained(self.session.state.trained)
        set_shown(self._gap, gap is not None)
        if gap is not None:
            self._gap_text.setText(draft.missing(gap))
            self._gap_button.setText(self.tr("Go to: %1").replace("%1", step_title(gap)))
            self._gap_button.setAccessibleName(self._gap_button.text())
        set_shown(self._signing, gap is None and not signed)
        set_shown(self._next, draft.signed_version is not None and signed)
        self._update_button()

    def _headline(self, draft: ProductDraft, signed: bool) -> str:
        version = draft.signed_version
        if signed:
            text = self.tr("Version %1 is ready to inspect.").replace("%1", str(version))
            recipe = self.session.signed()
            if recipe is not None:
                moment = date_and_time(recipe.signed_at)
                by = self.tr("Signed off by %1, %2.").replace("%1", recipe.signed_by).replace("%2", moment)
                text = f"{text} {by}"
            return text
        if version is None:
            return self.tr("This becomes version 1.")
        text = self.tr("Version %1 goes on inspecting until you sign off this one as version %2.")
        return text.replace("%1", str(version)).replace("%2", str(version + 1))

    def _summary(self, draft: ProductDraft) -> dict[str, str]:
        about = draft.description
        kind = self.tr("an object") if about.kind is ProductKind.OBJECT else self.tr("a surface")
        domain = f", {about.domain}" if about.domain else ""
        limits = draft.limits
        found = self.tr("OK up to %1, NG above %2, REVIEW between them")
        if limits is not None:
            found = found.replace("%1", score(limits.ok)).replace("%2", score(limits.ng))
        return {
            "what": f"{about.name}: {about.class_name}, {kind}{domain}",
            "anomalies": self._anomaly_summary(draft) or self.tr("nothing yet"),
            "references": str(len(draft.references)),
            "limits": found if limits is not None else self.tr("not found yet"),
            "promise": draft.calibration_note or "–",
            "model": self.tr("profile %1").replace("%1", draft.profile),
            "changes": "\n".join(self.session.unsigned_changes()) or self.tr("nothing"),
        }

    def _anomaly_summary(self, draft: ProductDraft) -> str:
        used = [entry for entry in draft.anomaly_types if entry.enabled]
        parts = [
            f"{severity_word(severity)}: " + ", ".join(entry.name for entry in used if entry.severity is severity)
            for severity in Severity
            if any(entry.severity is severity for entry in used)
        ]
        return "\n".join(parts)

    # Slots -----------------------------------------------------------------------------------------------------

    @Slot()
    def _update_button(self) -> None:
        known = bool(self.name_edit.text().strip()) and bool(self.pin_edit.text() or not self._asks_for_pin)
        self.sign_button.setEnabled(known and self.gap() is None)

    @Slot()
    def _on_sign_clicked(self) -> None:
        name, pin = self.name_edit.text().strip(), self.pin_edit.text()
        if not name or self.gap() is not None:
            return
        self.message.clear()
        self.pin_edit.clear()
        if self.session.sign_off(name, pin):
            self.session.state.set_current_product(self.session.name)
            self._show()
            self.completeness_changed.emit()
            self.folder_button.setFocus()

    @Slot()
    def _on_gap_clicked(self) -> None:
        gap = self.gap()
        if gap is not None:
            self.step_requested.emit(gap)

    def _open(self, screen: Screen) -> None:
        self.session.state.request_screen(screen, self.session.name)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.isVisible():
            self.message.show_error(str(error))

"""The last step: good and bad parts held against the limits, said in one line, and signed by whoever answers for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from filo_core.calibration.bad_parts import prove
from filo_core.calibration.guard import Guard
from filo_core.errors import FiloError
from filo_core.events import EyesChosen
from filo_core.proof import Colour, Proof, SignedProof, Standing
from filo_core.types import Eyes, Limits, Verdict, WizardStep
from gui.background import asked
from gui.letters import Size, points
from gui.picking import pick_images
from gui.products.wizard.calibration import Calibration
from gui.products.wizard.capture_dialog import CaptureDialog
from gui.products.wizard.limit_scale import LimitScale, ScaleMark
from gui.products.wizard.page import WizardPage
from gui.products.wizard.part_tray import PartTile
from gui.products.wizard.part_trays import PartTrays
from gui.products.wizard.proof_details import ProofDetails
from gui.products.wizard.session import DraftSession
from gui.products.wizard.session_line import SessionLine
from gui.products.wizard.shown_parts import ShownParts
from gui.products.wizard.signature_bar import SignatureBar
from gui.proof_words import bound_sentence, standing_sentence
from gui.sign_in_dialog import SignInDialog
from gui.state import ModelState, Screen
from gui.theme import SPACE, current_theme
from gui.translation import in_language
from gui.widgets.controls import button, plain_label, set_shown
from gui.wording import date_and_time
from workflows.products.detail import detail_of

_WRITE_AFTER_MS = 400
_WIDE_PX = 1500
_TONES = {Colour.GREEN: Verdict.OK, Colour.AMBER: Verdict.REVIEW, Colour.RED: Verdict.NG}


class ProvePage(WizardPage):
    """Begins by itself, shows what the set-up tells apart, and takes the signature."""

    step = WizardStep.CALIBRATE

    def __init__(self, session: DraftSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.calibration = Calibration(session, self)
        self.shown = ShownParts(session, self)
        self._limits: Limits | None = None
        self._proof: Proof | None = None
        self._guard: Guard | None = None
        self._look_again = self._roomy = False
        self.headline = plain_label()
        self._progress = QProgressBar(self)
        self._progress.setAccessibleName(self.tr("Progress"))
        self.cancel_button = button(self.tr("Cancel"), "stop")
        self.scale = LimitScale(self)
        self.bound = plain_label()
        self.sessions = SessionLine()
        self.trays = PartTrays(self)
        self.details = ProofDetails(self)
        self.details_button = button(self.tr("&Details"), checkable=True)
        self.signing = SignatureBar(self)
        self.state_text = plain_label(parent=self)
        self.folder_button = button(self.tr("&Inspect a folder"), "folder", primary=True)
        self.live_button = button(self.tr("&Go live"), "live")
        # A limit that is dragged changes many times a second; each change need not be written.
        self._writing = QTimer(self)
        self._writing.setSingleShot(True)
        self._writing.setInterval(_WRITE_AFTER_MS)
        self._lay_out()
        self._connect()

    # Building --------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.body.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.headline, 1)
        top.addWidget(self._progress)
        top.addWidget(self.cancel_button)
        top.addWidget(self.details_button)
        self._progress.setFixedWidth(200)
        parts = QWidget(self)
        column = QVBoxLayout(parts)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.scale)
        column.addWidget(self.bound)
        column.addWidget(self.sessions)
        column.addWidget(self.trays, 1)
        set_shown(self.details, False)
        self._parts = parts
        self._ready = QWidget(self)
        row = QHBoxLayout(self._ready)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.state_text, 1)
        row.addWidget(self.folder_button)
        row.addWidget(self.live_button)
        self.body.addLayout(top)
        self.body.addWidget(parts, 1)
        self.body.addWidget(self.details, 1)
        self.body.addWidget(self.signing)
        self.body.addWidget(self._ready)

    def _connect(self) -> None:
        calibration, trays = self.calibration, self.trays
        self.cancel_button.clicked.connect(calibration.cancel)
        self.details_button.toggled.connect(self._show_details_only)
        self.details.moved.connect(self._on_moved)
        self.details.reset_button.clicked.connect(self._on_reset_clicked)
        self.details.again_button.clicked.connect(self.begin)
        self.details.eyes.eyes_picked.connect(self._on_eyes_picked)
        self.details.eyes.trial_wanted.connect(self._on_eyes_trial_wanted)
        self.details.defect.wanted.connect(self._on_defect_wanted)
        self.details.defect.eyes_picked.connect(self._on_size_picked)
        self.scale.moved.connect(self._on_moved)
        self._writing.timeout.connect(self._write)
        calibration.progressed.connect(self._on_progressed)
        calibration.pictured.connect(self._show_parts)
        calibration.calibrated.connect(self._on_calibrated)
        calibration.eyes_chosen.connect(self._on_eyes_chosen)
        calibration.running_changed.connect(self._on_running_changed)
        calibration.problem_found.connect(self.message.show_error)
        self.shown.stored.connect(self._on_stored)
        self.shown.problem_found.connect(self.message.show_error)
        trays.files_wanted.connect(self._on_files_wanted)
        trays.files_dropped.connect(lambda paths, bad: self.show_files(paths, bad=bad))
        trays.session_wanted.connect(self._on_session_wanted)
        trays.joining_wanted.connect(self.shown.join_sessions)
        trays.camera_wanted.connect(self._on_camera_wanted)
        trays.drawing_wanted.connect(self._on_drawing_wanted)
        trays.removal_wanted.connect(self._on_removal_wanted)
        self.signing.signed.connect(self._on_signed)
        self.folder_button.clicked.connect(lambda: self._open(Screen.FOLDER))
        self.live_button.clicked.connect(lambda: self._open(Screen.LIVE))
        self.session.failed.connect(self._on_failed)
        self.session.state.model_changed.connect(self._show_all)
        self.session.state.operator_changed.connect(self.signing.name_edit.setText)

    @Slot(bool)
    def _show_details_only(self, on: bool) -> None:
        set_shown(self._parts, not on)
        set_shown(self.details, on)

    def resizeEvent(self, event: object) -> None:
        roomy = self.width() >= _WIDE_PX
        if roomy != self._roomy:
            self._roomy = roomy
            self.scale.set_roomy(roomy=roomy)
            self._show_headline()
        super().resizeEvent(event)  # type: ignore[arg-type]

    # The page --------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        self.message.clear()
        self.details_button.setChecked(False)
        self.details.eyes.show_tried(None)
        self.signing.ask(self.session.state.operator, asks_who=self.session.state.asks_for_sign_in)
        self._take_draft()
        # What was asked for before may still be ending.
        self._look_again = self.calibration.is_running
        if not self._look_again:
            self._look()
        self.trays.add_bad_button.setFocus()

    def _look(self) -> None:
        """Limits where there are none, or where a bad part has not been judged; else only the pictures."""
        proof = self._proof
        if self._gap() is not None:
            return
        if self._limits is None or proof is None or proof.standing is Standing.NOT_JUDGED:
            self.begin()
        elif not self.calibration.pictures():
            self.calibration.start(keeps=False)

    @Slot()
    def begin(self) -> None:
        """Judge all known parts and find the limits."""
        self.message.clear()
        if self._writing.isActive():
            self._write()
        self._progress.setRange(0, 0)
        self.calibration.start()

    def leave(self) -> bool:
        if self._writing.isActive():
            self._write()
        self.calibration.cancel()
        return True

    def close_page(self) -> None:
        if self._writing.isActive():
            self._write()
        self.calibration.close()
        self.shown.close()

    def missing(self) -> str:
        gap = self._gap()
        if self.session.draft is None or self.calibration.is_running:
            return ""
        return self.session.missing(gap or WizardStep.CALIBRATE) or self.session.missing(WizardStep.SIGN_OFF)

    def _gap(self) -> WizardStep | None:
        """The first earlier step that lacks something."""
        before = (WizardStep.DESCRIBE, WizardStep.ANOMALIES, WizardStep.REFERENCES)
        return next((step for step in before if self.session.missing(step)), None)

    @Slot()
    def _take_draft(self) -> None:
        draft = self.session.draft
        self._limits = draft.limits if draft else None
        self._proof = self.session.proof()
        self._guard = self.session.guard() if self._limits is not None else None
        self._show_all()
        self.completeness_changed.emit()

    # What is shown ---------------------------------------------------------------------------------------------

    @Slot()
    def _show_all(self) -> None:
        running, proof = self.calibration.is_running, self._proof
        set_shown(self._progress, running)
        set_shown(self.cancel_button, running)
        self._show_headline()
        self.bound.setText(bound_sentence(proof) if proof is not None and self._limits is not None else "")
        self._show_details()
        self.sessions.show_guard(self._guard)
        apart = self._guard is not None and any(not one.joined for one in self._guard.sessions)
        self.trays.ask_for_sessions(ready=self._guard is not None and not running, apart=apart)
        self._show_parts()
        self._show_signing(running=running)

    def _show_signing(self, *, running: bool) -> None:
        draft, proof = self.session.draft, self._proof
        proven = self.session.signed_proof()
        same = draft is not None and proven is not None and not draft.changed_since_signing
        # What was learnt of the bad parts since is signed as well, though nothing in the recipe changes.
        news = proof is not None and bool(proof.bad) and proven is not None and proof.counts != proven.counts
        signed = same and not news
        set_shown(self.signing, not signed)
        set_shown(self._ready, signed)
        needs = proof is not None and proof.standing.needs_reason
        before = draft.signed_version or 0 if draft is not None else 0
        ready = self._gap() is None and self._limits is not None and not running
        self.signing.show_state(before if same else before + 1, needs_reason=needs, ready=ready)
        if signed and proven is not None:
            self._show_signed(proven)

    def _show_headline(self) -> None:
        theme, proof = current_theme(), self._proof
        ground, text = theme.raised, theme.text
        gap = self._gap()
        if gap is not None:
            sentence = self.session.missing(gap)
        elif self.calibration.is_running and self._limits is None:
            loading = self.session.state.model_state is ModelState.LOADING
            sentence = self.tr("The model is still loading …") if loading else self.tr("Looking at the good parts …")
        elif proof is None or self._limits is None:
            sentence = self.tr("No limits yet.")
        else:
            sentence = standing_sentence(proof.counts)
            tone = theme.verdict(_TONES[proof.standing.colour])
            ground, text = tone.ground, tone.text
        self.headline.setText(sentence)
        self.headline.setAccessibleName(sentence)
        self.headline.setStyleSheet(
            f"background: {ground}; color: {text}; border-radius: 6px; padding: 8px 16px;"
            f"font-size: {points(Size.HEADLINE if self._roomy else Size.TITLE):.2f}pt; font-weight: 600;"
        )

    def _show_details(self) -> None:
        details, draft, running = self.details, self.session.draft, self.calibration.is_running
        details.show_limits(self._limits, enabled=not running)
        result = self.calibration.result()
        details.reset_button.setEnabled(result is not None and self._limits != result.limits and not running)
        details.again_button.setEnabled(not running and self._gap() is None)
        details.eyes.show_eyes(draft.eyes if draft else None, self.session.state.usual_eyes)
        details.eyes.setEnabled(not running)
        set_shown(details.defect, self.session.state.usual_eyes is not None)
        details.defect.setEnabled(not running)
        details.untrained.set_trained(self.session.state.trained)
        note = draft.calibration_note if draft is not None and draft.limits is not None else ""
        if result is not None and self._limits is not None and self._limits.ok < result.limits.ok:
            note = self.tr("You moved the OK limit below what was found: more good parts will be refused.")
        details.promise.setText(note)
        changes = "\n".join(self.session.unsigned_changes()) if draft is not None and draft.signed_version else ""
        details.changes.setText(self.tr("Changed by this:") + "\n" + changes if changes else "")

    @Slot()
    def _show_parts(self) -> None:
        limits, pictures = self._limits, {one.image_hash: one for one in self.calibration.pictures()}
        proof = self._proof
        known = {part.image_hash: part for part in (*proof.good, *proof.bad)} if proof is not None else {}
        shown = {key: one.shown(limits) for key, one in pictures.items()}
        marks = [
            ScaleMark(part.score, part in proof.bad, part.name, shown.get(part.image_hash))
            for part in known.values()
            if proof is not None
        ]
        self.scale.show_limits(limits, marks)
        tiles: dict[bool, list[tuple[float, PartTile]]] = {True: [], False: []}
        for key, picture in pictures.items():
            part = known.get(key)
            score = part.score if part is not None else picture.score if picture.apart else None
            verdict = limits.verdict(score) if score is not None and limits is not None else None
            missed = picture.bad and verdict is Verdict.OK
            tile = PartTile(key, picture.name, shown[key], verdict, missed, apart=picture.apart)
            tiles[picture.bad].append((score or 0.0, tile))
        good = [tile for _, tile in sorted(tiles[False], key=lambda one: -one[0])]
        bad = [tile for _, tile in sorted(tiles[True], key=lambda one: one[0])]
        known_bad = proof.waiting + len(proof.bad) if proof is not None else 0
        self.trays.show_parts(good, bad, known_bad)

    def _show_signed(self, proven: SignedProof) -> None:
        recipe = self.session.signed()
        if recipe is None:
            return
        tells = proven.counts.standing is Standing.TELLS
        text = self.tr("Version %1 is ready to inspect.") if tells else self.tr("Version %1 is in force.")
        by = self.tr("Signed off by %1, %2.").replace("%1", recipe.signed_by)
        words = [text.replace("%1", str(recipe.version)), by.replace("%2", date_and_time(recipe.signed_at))]
        if proven.reason:
            words.append(self.tr("Reason: %1").replace("%1", proven.reason))
        self.state_text.setText(" ".join(words))

    # Parts -----------------------------------------------------------------------------------------------------

    @Slot(bool)
    def _on_files_wanted(self, bad: bool) -> None:
        title = self.tr("Pictures of bad parts") if bad else self.tr("Pictures of other good parts")
        paths = pick_images(self.session.state, title, self)
        if paths:
            self.show_files(paths, bad=bad)

    def show_files(self, paths: list[Path], *, bad: bool) -> None:
        """Show pictures of parts; they join the golden set, and everything is judged again."""
        self.message.clear()
        self.shown.add_files(paths, bad=bad)

    @Slot()
    def _on_session_wanted(self) -> None:
        paths = pick_images(self.session.state, self.tr("Pictures of good parts of another day or shift"), self)
        if paths:
            self.show_session(paths)

    def show_session(self, paths: list[Path]) -> None:
        """Show good parts of another day; the promise is held against them, and the limits stay."""
        self.message.clear()
        self.shown.add_session(paths)

    @Slot()
    def _on_camera_wanted(self) -> None:
        dialog = CaptureDialog(self.session.name, self, bad=True)
        dialog.picture_taken.connect(lambda frame, name: self.shown.add_frame(frame, name, bad=True))
        dialog.exec()
        dialog.deleteLater()

    @Slot(str)
    def _on_drawing_wanted(self, image_hash: str) -> None:
        self.message.clear()
        self.shown.draw_defect(image_hash)

    @Slot(list)
    def _on_removal_wanted(self, image_hashes: list[str]) -> None:
        self.message.clear()
        self.shown.remove(image_hashes)

    @Slot()
    def _on_stored(self) -> None:
        # What runs does not know the part; it is judged when that has ended.
        self._look_again = self.calibration.is_running
        if not self._look_again:
            self.begin()

    # Running ---------------------------------------------------------------------------------------------------

    @Slot(int, int, str)
    def _on_progressed(self, done: int, total: int, what: str) -> None:
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._progress.setToolTip(what)

    @Slot()
    def _on_calibrated(self) -> None:
        self._take_draft()
        result = self.calibration.result()
        if result is not None and result.strangers:
            text = self.tr(
                "Unlike the other good parts: %1. If it is another product, take it away in the step before."
            )
            self.message.show_warning(text.replace("%1", ", ".join(result.strangers)))

    @Slot(bool)
    def _on_running_changed(self, running: bool) -> None:
        self._show_all()
        self.completeness_changed.emit()
        if not running and self._look_again:
            QTimer.singleShot(0, self._on_ended)

    @Slot()
    def _on_ended(self) -> None:
        if self._look_again and self.isVisible() and not self.calibration.is_running:
            self._look_again = False
            self._proof = self.session.proof()
            self._look()

    @Slot(object)
    def _on_eyes_picked(self, eyes: Eyes) -> None:
        self.message.clear()
        if self.session.draft is not None and self.session.set_eyes(eyes):
            self._take_draft()
            self.begin()

    @Slot(float, float)
    def _on_defect_wanted(self, field_mm: float, smallest_mm: float) -> None:
        usual, catalogue, name = (
            self.session.state.usual_eyes,
            self.session.state.workbench.catalogue,
            self.session.name,
        )
        if usual is None:
            return
        try:
            found = asked(lambda: detail_of(catalogue, name, field_mm, smallest_mm, usual.sight))
        except FiloError as error:
            self.message.show_error(in_language(error.sentence))
            return
        self.message.clear()
        self.details.defect.show_detail(found, self._eyes_now())

    def _eyes_now(self) -> Eyes | None:
        draft = self.session.draft
        return (draft.eyes if draft is not None else None) or self.session.state.usual_eyes

    @Slot(object)
    def _on_size_picked(self, eyes: Eyes) -> None:
        now = self._eyes_now()
        if now is not None:
            self._on_eyes_picked(replace(now, light_px=eyes.light_px))
            self.details.defect.show_detail(None, None)

    @Slot()
    def _on_eyes_trial_wanted(self) -> None:
        self.message.clear()
        self._progress.setRange(0, 0)
        self.calibration.choose_eyes()

    @Slot(object)
    def _on_eyes_chosen(self, chosen: EyesChosen) -> None:
        self.details.eyes.show_tried(chosen)
        self._take_draft()

    # Moving the limits -----------------------------------------------------------------------------------------

    @Slot(object)
    def _on_moved(self, limits: Limits) -> None:
        if self._limits is None or self.calibration.is_running:
            return
        self._set_limits(limits)
        self._writing.start()

    @Slot()
    def _on_reset_clicked(self) -> None:
        result = self.calibration.result()
        if result is not None:
            self._set_limits(result.limits)
            self._write()

    def _set_limits(self, limits: Limits) -> None:
        self._limits = limits
        if self._proof is not None:
            self._proof = replace(prove(limits, self._proof.good, self._proof.bad), waiting=self._proof.waiting)
        self._show_all()

    @Slot()
    def _write(self) -> None:
        self._writing.stop()
        if self._limits is not None:
            self.session.set_limits(self._limits)
        self._take_draft()

    # Signing ---------------------------------------------------------------------------------------------------

    @Slot(str, str)
    def _on_signed(self, name: str, reason: str) -> None:
        self.message.clear()
        pin = ""
        if not name:
            why = self.tr("Who signs this set-up of %1? The recipe carries the name.")
            dialog = SignInDialog(self.session.state, self, signing=why.replace("%1", self.session.part_name))
            accepted, pin = dialog.exec(), dialog.take_pin()
            dialog.deleteLater()
            if not accepted:
                return
            name = self.session.state.operator
        if self._writing.isActive():
            self._write()
        if self.session.sign_off(name, pin, reason):
            self.signing.reason_edit.clear()
            self.session.state.set_current_product(self.session.part_name)
            self._take_draft()
            self.folder_button.setFocus()

    def _open(self, screen: Screen) -> None:
        self.session.state.request_screen(screen, self.session.part_name)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.isVisible():
            self.message.show_error(str(error))

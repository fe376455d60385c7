"""Step four: the limits, found from the good images and adjusted by a person who sees what that does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QTimer, Slot
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from filo_core.events import EyesChosen
from filo_core.imaging import IMAGE_SUFFIXES
from filo_core.types import Eyes, Inspection, Limits, WizardStep
from gui.products.wizard.calibration import Calibration, recount
from gui.products.wizard.eyes_choice import EyesChoice
from gui.products.wizard.limit_scale import LimitScale
from gui.products.wizard.page import WizardPage
from gui.products.wizard.session import DraftSession
from gui.records.moved_limits import with_ng, with_ok
from gui.state import ModelState
from gui.widgets.controls import button, limit_spin, plain_label, set_shown
from gui.widgets.untrained_note import UntrainedNote
from gui.widgets.verdicts import VerdictChip
from gui.wording import score

_WRITE_AFTER_MS = 400


class CalibratePage(WizardPage):
    """Runs the calibration, shows its evidence, and lets a person move the limits."""

    step = WizardStep.CALIBRATE

    def __init__(self, session: DraftSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.calibration = Calibration(session, self)
        self._limits: Limits | None = None
        self._trial: Inspection | None = None
        self.start_button = button(self.tr("Find the &limits"), "play", primary=True)
        self.cancel_button = button(self.tr("Cancel"), "stop")
        self._progress = QProgressBar(self)
        self._progress.setAccessibleName(self.tr("Progress"))
        self._doing = plain_label(role="hint")
        self._untrained = UntrainedNote(parent=self)
        self.eyes = EyesChoice(self)
        self.scale = LimitScale(self)
        self.ok_spin = limit_spin(self.tr("OK up to"), 130, self)
        self.ng_spin = limit_spin(self.tr("NG above"), 130, self)
        self.region_spin = limit_spin(self.tr("Mark regions above"), 130, self)
        self.reset_button = button(self.tr("&Proposed limits"), "undo", tip=self.tr("Go back to the limits it found"))
        self._recount = plain_label()
        self._promise = plain_label()
        self.try_button = button(
            self.tr("&Try a picture …"), "image", tip=self.tr("Judge one picture; nothing is kept")
        )
        self._trial_chip = VerdictChip(parent=self)
        self._trial_text = plain_label()
        # A spin box that is held down changes many times a second; each change need not be written.
        self._writing = QTimer(self)
        self._writing.setSingleShot(True)
        self._writing.setInterval(_WRITE_AFTER_MS)
        self._lay_out()
        self._connect()

    # Building --------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.body.setSpacing(10)
        top = QHBoxLayout()
        top.setSpacing(12)
        for control in (self.start_button, self.cancel_button):
            top.addWidget(control)
        top.addWidget(self._progress, 1)
        top.addWidget(self._doing, 2)
        fields = QGridLayout()
        fields.setHorizontalSpacing(18)
        fields.setVerticalSpacing(2)
        for column, spin in enumerate((self.ok_spin, self.ng_spin, self.region_spin)):
            label = plain_label(spin.accessibleName(), wrap=False)
            label.setBuddy(spin)
            fields.addWidget(label, 0, column)
            fields.addWidget(spin, 1, column)
        fields.addWidget(self.reset_button, 1, 3)
        fields.setColumnStretch(4, 1)
        trial = QHBoxLayout()
        trial.setSpacing(12)
        trial.addWidget(self.try_button)
        trial.addWidget(self._trial_chip)
        trial.addWidget(self._trial_text, 1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._recount)
        words.addWidget(self._promise)
        self.body.addLayout(top)
        self.body.addWidget(self.eyes)
        self.body.addWidget(self._untrained)
        self.body.addWidget(self.scale)
        self.body.addLayout(fields)
        self.body.addLayout(words)
        self.body.addLayout(trial)
        self.body.addStretch(1)

    def _connect(self) -> None:
        calibration = self.calibration
        self.start_button.clicked.connect(self._on_start_clicked)
        self.cancel_button.clicked.connect(calibration.cancel)
        self.reset_button.clicked.connect(self._on_reset_clicked)
        self.try_button.clicked.connect(self._on_try_clicked)
        self.ok_spin.valueChanged.connect(lambda value: self._on_moved(lambda limits: with_ok(limits, value)))
        self.ng_spin.valueChanged.connect(lambda value: self._on_moved(lambda limits: with_ng(limits, value)))
        self.region_spin.valueChanged.connect(self._on_region_moved)
        self._writing.timeout.connect(self._write)
        calibration.progressed.connect(self._on_progressed)
        calibration.calibrated.connect(self._on_calibrated)
        calibration.tried.connect(self._on_tried)
        calibration.eyes_chosen.connect(self._on_eyes_chosen)
        self.eyes.eyes_picked.connect(self._on_eyes_picked)
        self.eyes.trial_wanted.connect(self._on_eyes_trial_wanted)
        calibration.running_changed.connect(self._on_running_changed)
        calibration.problem_found.connect(self._on_problem_found)
        self.session.failed.connect(self._on_failed)
        self.session.state.model_changed.connect(self._show_all)

    # The page --------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        self.message.clear()
        self.eyes.show_tried(None)
        self._trial = None
        self._take_draft()
        (self.start_button if self._limits is None else self.ok_spin).setFocus()

    def leave(self) -> bool:
        if self._writing.isActive():
            self._write()
        self.calibration.cancel()
        return True

    def close_page(self) -> None:
        if self._writing.isActive():
            self._write()
        self.calibration.close()

    def missing(self) -> str:
        before = super().missing()
        draft = self.session.draft
        if before and draft is not None and not draft.references:
            return draft.missing(WizardStep.REFERENCES)
        return before

    def _take_draft(self) -> None:
        draft = self.session.draft
        self._limits = draft.limits if draft else None
        self._fill_spins()
        self._show_all()
        self.completeness_changed.emit()

    def _fill_spins(self) -> None:
        limits = self._limits
        for spin, value in (
            (self.ok_spin, limits.ok if limits else 0.0),
            (self.ng_spin, limits.ng if limits else 0.0),
            (self.region_spin, limits.region if limits else 0.0),
        ):
            blocker = QSignalBlocker(spin)
            spin.setValue(value)
            blocker.unblock()

    # What is shown ---------------------------------------------------------------------------------------------

    @Slot()
    def _show_all(self) -> None:
        result, limits, running = self.calibration.result(), self._limits, self.calibration.is_running
        scores = self.calibration.scores()
        trial = self._trial.prediction.image_score if self._trial and self._trial.prediction else None
        self.scale.show_limits(limits, scores, trial)
        self._untrained.set_trained(self.session.state.trained)
        self.eyes.show_eyes(self.session.draft.eyes if self.session.draft else None, self.session.state.usual_eyes)
        self.eyes.setEnabled(not running)
        has_references = self.session.draft is not None and bool(self.session.draft.references)
        self.start_button.setEnabled(not running and has_references)
        self.start_button.setText(self.tr("Find the &limits") if limits is None else self.tr("Find them &again"))
        self.start_button.setAccessibleName(self.start_button.text().replace("&", ""))
        for control in (self.ok_spin, self.ng_spin, self.region_spin, self.try_button):
            control.setEnabled(limits is not None and not running)
        self.reset_button.setEnabled(result is not None and limits != result.limits and not running)
        self._recount.setText(self._recount_sentence(scores, limits))
        self._promise.setText(self._promise_sentence())
        self._show_trial()
        set_shown(self.cancel_button, running)
        set_shown(self._progress, running)
        if not running:
            self._doing.setText(self._idle_sentence(has_references))

    def _idle_sentence(self, has_references: bool) -> str:
        if not has_references:
            return self.tr("There is no good image yet. Go back to step 3 and add one.")
        if self._limits is None:
            return self.tr("Each good image is compared with the others. It takes some seconds.")
        return ""

    def _recount_sentence(self, scores: tuple[float, ...], limits: Limits | None) -> str:
        if limits is None:
            return ""
        if not scores:
            return self.tr("The scores of the good parts are not in this record; find the limits again to see them.")
        counted = recount(scores, limits)
        sentence = self.tr("With these limits %1 of %2 good parts are OK, %3 REVIEW, %4 NG.")
        for place, number in (("%1", counted.ok), ("%2", len(scores)), ("%3", counted.review), ("%4", counted.ng)):
            sentence = sentence.replace(place, str(number))
        return sentence

    def _promise_sentence(self) -> str:
        draft, result = self.session.draft, self.calibration.result()
        if draft is None or draft.limits is None:
            return ""
        if result is not None and self._limits is not None and self._limits.ok < result.limits.ok:
            return self.tr("You moved the OK limit below what was found: more good parts will be refused.")
        return draft.calibration_note

    def _show_trial(self) -> None:
        trial = self._trial
        verdict = None
        if trial is not None and trial.prediction is not None and self._limits is not None:
            verdict = self._limits.verdict(trial.prediction.image_score)
            text = self.tr("%1: score %2").replace("%1", trial.name)
            self._trial_text.setText(text.replace("%2", score(trial.prediction.image_score)))
        else:
            self._trial_text.setText("")
        self._trial_chip.set_verdict(verdict)

    # Running ---------------------------------------------------------------------------------------------------

    @Slot()
    def _on_start_clicked(self) -> None:
        self.message.clear()
        self._trial = None
        if self._writing.isActive():
            self._write()
        self._progress.setRange(0, 0)
        loading = self.session.state.model_state is ModelState.LOADING
        self._doing.setText(self.tr("The model is still loading; it begins by itself.") if loading else "")
        self.calibration.start()

    @Slot()
    def _on_try_clicked(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in sorted(IMAGE_SUFFIXES))
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Picture to try"), "", self.tr("Images (%1)").replace("%1", patterns)
        )
        if path:
            self.try_file(Path(path))

    def try_file(self, path: Path) -> None:
        """Judge one picture under the limits as they are."""
        self.message.clear()
        if self._writing.isActive():
            self._write()
        self._progress.setRange(0, 0)
        self._doing.setText(self.tr("Looking at %1").replace("%1", path.name))
        self.calibration.try_file(path)

    @Slot(int, int, str)
    def _on_progressed(self, done: int, total: int, what: str) -> None:
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._doing.setText(what)

    @Slot()
    def _on_calibrated(self) -> None:
        self._take_draft()

    @Slot(object)
    def _on_tried(self, inspection: Inspection) -> None:
        self._trial = inspection
        self._show_all()

    @Slot(object)
    def _on_eyes_picked(self, eyes: Eyes) -> None:
        self.message.clear()
        if self.session.draft is not None and self.session.set_eyes(eyes):
            self._take_draft()

    @Slot()
    def _on_eyes_trial_wanted(self) -> None:
        self.message.clear()
        self._trial = None
        self._progress.setRange(0, 0)
        self.calibration.choose_eyes()

    @Slot(object)
    def _on_eyes_chosen(self, chosen: EyesChosen) -> None:
        self.eyes.show_tried(chosen)
        self._take_draft()

    @Slot(bool)
    def _on_running_changed(self, running: bool) -> None:
        had_focus = self.start_button.hasFocus() or self.cancel_button.hasFocus()
        self._show_all()
        if had_focus:
            (self.cancel_button if running else self.start_button).setFocus()
        self.completeness_changed.emit()

    @Slot(str, str)
    def _on_problem_found(self, sentence: str, details: str) -> None:
        self.message.show_error(sentence, details)

    # Moving the limits -----------------------------------------------------------------------------------------

    def _on_region_moved(self, value: float) -> None:
        self._on_moved(lambda limits: Limits(limits.ok, limits.ng, value))

    def _on_moved(self, moved: Callable[[Limits], Limits]) -> None:
        if self._limits is None:
            return
        self._set_limits(moved(self._limits))
        self._writing.start()

    @Slot()
    def _on_reset_clicked(self) -> None:
        result = self.calibration.result()
        if result is not None:
            self._set_limits(result.limits)
            self._write()
            self.ok_spin.setFocus()

    def _set_limits(self, limits: Limits) -> None:
        self._limits = limits
        self._fill_spins()
        self._show_all()

    @Slot()
    def _write(self) -> None:
        self._writing.stop()
        if self._limits is not None and not self.session.set_limits(self._limits):
            self._take_draft()
        self.completeness_changed.emit()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.isVisible():
            self.message.show_error(str(error))

"""How the product is looked at: chosen from a list, or by a trial that says what each choice costs and finds."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from filo_core.events import EyesChosen
from filo_core.packaged import as_called
from filo_core.types import DEEP_SIZES, LIGHT_SIZES, Eyes, Pose, Sight, eyes_from
from gui.translation import in_language
from gui.widgets.controls import button, plain_label
from gui.wording import number


class EyesChoice(QWidget):
    """A list of eyes and the button of their trial. Hidden with a profile that has one way to look."""

    eyes_picked = Signal(object)
    """:class:`Eyes` that a person picked."""
    trial_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tried: EyesChosen | None = None
        self.box = QComboBox(self)
        self.box.setAccessibleName(self.tr("Look at parts with"))
        self.box.setMinimumWidth(260)
        self.pose_box = QComboBox(self)
        self.pose_box.setAccessibleName(self.tr("Parts lie"))
        self.pose_box.setToolTip(
            self.tr("Parts that lie at any angle are compared with the good images turned all the way round")
        )
        for pose, text in (
            (Pose.FIXED, self.tr("as in the good images")),
            (Pose.FREE, self.tr("at any angle")),
            (Pose.FLIPPED, self.tr("at any angle, on either side")),
        ):
            self.pose_box.addItem(text, pose.value)
        self.trial_button = button(
            self.tr("Try which &suit"),
            "search",
            tip=self.tr("Looks at the good images and at anomalies drawn on them; takes up to some minutes"),
        )
        self.found = plain_label(role="hint")
        self.found.hide()
        label = plain_label(self.box.accessibleName(), wrap=False)
        label.setBuddy(self.box)
        pose_label = plain_label(self.pose_box.accessibleName(), wrap=False)
        pose_label.setBuddy(self.pose_box)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self.box)
        row.addWidget(pose_label)
        row.addWidget(self.pose_box)
        row.addWidget(self.trial_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.found)
        self.box.activated.connect(self._on_activated)
        self.pose_box.activated.connect(self._on_activated)
        self.trial_button.clicked.connect(self.trial_wanted)

    def show_tried(self, tried: EyesChosen | None) -> None:
        """Keep what a trial came to, so that the list can say it."""
        self._tried = tried
        self._say("" if tried is None else in_language(tried.sentence))

    def show_eyes(self, chosen: Eyes | None, usual: Eyes | None) -> None:
        """Fill the list and mark what is chosen.

        Args:
            chosen: for the product; None for the usual ones.
            usual: of the profile; None where it has one way to look, which hides all of this.
        """
        self.setVisible(usual is not None)
        if usual is None:
            return
        now = chosen or usual
        if usual.sight is Sight.FAST and self._tried is None:
            self._say(
                as_called(self.tr("The large network is not on this machine: main.py models prepare fetches it."))
            )
        blocker = QSignalBlocker(self.box)
        self.box.clear()
        for eyes in _choices(now, usual):
            self.box.addItem(self._text(eyes, usual), eyes.words)
        self.box.setCurrentIndex(self.box.findData(now.words))
        self.pose_box.setCurrentIndex(self.pose_box.findData(now.pose.value))
        blocker.unblock()

    def _say(self, text: str) -> None:
        self.found.setText(text)
        self.found.setVisible(bool(text))

    def _text(self, eyes: Eyes, usual: Eyes) -> str:
        # How parts lie stands beside the list.
        text = replace(eyes, pose=Pose.FIXED).words
        text += self.tr(" (usual)") if text == usual.words else ""
        text += self.tr(", in tiles") if eyes.in_tiles else ""
        tried = self._tried
        cost = next((one for one in tried.candidates if one.eyes == eyes), None) if tried else None
        if cost is None:
            return text
        return f"{text}, {number(1000 * cost.seconds)} ms, {number(100 * cost.separation, 1)} %"

    @Slot(int)
    def _on_activated(self, _index: int) -> None:
        picked = eyes_from(str(self.box.currentData()))
        self.eyes_picked.emit(replace(picked, pose=Pose(self.pose_box.currentData())))


def _choices(now: Eyes, usual: Eyes) -> list[Eyes]:
    """What may be picked on this machine: without the deep trunk, the light one alone."""
    fast = [Eyes(Sight.FAST, light) for light in LIGHT_SIZES]
    sharp = [Eyes(Sight.SHARP, light, deep) for light in LIGHT_SIZES for deep in DEEP_SIZES]
    found = [replace(eyes, pose=now.pose) for eyes in fast + (sharp if usual.sight is Sight.SHARP else [])]
    return found if now in found else [*found, now]

"""What each phrase of the anomaly list lights up on the good images, and which phrases fire on them. No widget."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot
from PySide6.QtGui import QImage

from filo_core.events import FIRES_ABOVE, PhraseLight, PhrasesLit, StepDone
from filo_core.rendering import render_heat_map
from filo_core.types import Limits, ProductDescription, SourceImage
from filo_core.words.phrases import ReadPhrase
from gui.background import Background, sentence_of
from gui.canvas.pictures import to_qimage
from gui.one_job import OneJob
from gui.products.wizard.session import DraftSession
from gui.state import ModelState
from workflows.products.phrases import PhraseCheck

PICTURE_PX = 260
_SCALE = Limits(FIRES_ABOVE, FIRES_ABOVE, FIRES_ABOVE)
"""The renderer's fixed scale, with the limit where a patch is nearer to the phrase than to normal."""


class PhraseState(StrEnum):
    """What is known of a phrase."""

    NOT_SEEN = "not seen"
    """It was not looked at under the good images there are now."""
    QUIET = "quiet"
    FIRES = "fires"
    UNKNOWN_WORDS = "unknown words"


@dataclass(frozen=True, slots=True)
class PhraseNote:
    """What the list says beside a phrase."""

    state: PhraseState
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PhrasePicture:
    """A good image with what one phrase lights up on it."""

    name: str
    picture: QImage
    fires: bool


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """What a preview holds for: another product, wording or set of good images makes it void."""

    description: ProductDescription
    references: frozenset[str]


class PhrasePreview(QObject):
    """Has the worker look at the phrases, one by one, and remembers what it saw.

    A phrase is judged for itself, so an edit of the list leaves what is known of the other phrases.
    """

    changed = Signal()
    """The notes, or whether one can look, may be others now."""
    running_changed = Signal(bool)
    progressed = Signal(int, int)
    pictures_ready = Signal(str, object)
    """A phrase, and its :class:`PhrasePicture` tuple."""
    problem_found = Signal(str, str)
    """A sentence for the user, and technical details (may be empty)."""

    def __init__(self, session: DraftSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._background = Background()
        self._job = OneJob(self)
        self._asked: _LookedAt | None = None
        self._seen: _LookedAt | None = None
        self._lights: dict[str, tuple[PhraseLight, ...]] = {}
        self._unknown: frozenset[str] = frozenset()
        self._strange: frozenset[str] = frozenset()
        self._reads = PhraseCheck(session.state.settings.models)
        self._job.event_arrived.connect(self._on_event)
        self._job.failed.connect(self.problem_found)
        self._job.running_changed.connect(self.running_changed)
        session.changed.connect(self.changed)
        session.state.model_changed.connect(self.changed)

    @property
    def is_running(self) -> bool:
        """True while the worker looks."""
        return self._job.is_running

    @property
    def tells_types(self) -> bool:
        """False while no model is loaded, and where a phrase lights up nothing in its profile."""
        engine = self._session.state.workbench.worker.engine
        return engine is not None and engine.lights_phrases

    @property
    def strange(self) -> str:
        """A sentence that names the phrases whose words are not understood; empty when all are."""
        draft = self._session.draft
        names = [entry.name for entry in draft.anomaly_types if entry.enabled] if draft else []
        strange = [f"“{name}”" for name in names if name in self._strange]
        if not strange:
            return ""
        return _tr("Not understood: %1. Say it in other words, or name such regions in Review.").replace(
            "%1", ", ".join(strange)
        )

    @property
    def hindrance(self) -> str:
        """Why one cannot look now, as a sentence; empty when one can."""
        state, draft = self._session.state, self._session.draft
        if state.workbench.worker.engine is None:
            loading = state.model_state is ModelState.LOADING
            return _tr("The model is loading.") if loading else _tr("The model could not be loaded.")
        if not self.tells_types:
            return _tr(
                "The profile “%1” compares parts with good ones: the words on this list decide no verdict, they name "
                "what was found."
            ).replace("%1", state.profile)
        if draft is None or not draft.references:
            return _tr("Add good parts in the next step; then come back and see what each phrase lights up on them.")
        return ""

    def note(self, phrase: str) -> PhraseNote:
        """What is known of a phrase under the good images there are now."""
        if self._seen is None or self._seen != self._now():
            return PhraseNote(PhraseState.NOT_SEEN)
        if phrase in self._unknown:
            return PhraseNote(PhraseState.UNKNOWN_WORDS, _tr("words not known to the model"))
        lights = self._lights.get(phrase)
        if lights is None:
            return PhraseNote(PhraseState.NOT_SEEN)
        fires = sum(light.fires for light in lights)
        if not fires:
            return PhraseNote(PhraseState.QUIET, _tr("quiet"))
        text = _tr("fires on %1 of %2").replace("%1", str(fires)).replace("%2", str(len(lights)))
        return PhraseNote(PhraseState.FIRES, text)

    def warning(self) -> str:
        """A sentence that names the phrases that fire on good parts; empty when none does."""
        draft = self._session.draft
        names = [entry.name for entry in draft.anomaly_types if entry.enabled] if draft else []
        loud = [name for name in names if self.note(name).state is PhraseState.FIRES]
        if not loud:
            return ""
        return _tr("Lit up on good parts: %1. Say it more precisely, or remove it from the list.").replace(
            "%1", ", ".join(f"“{name}”" for name in loud)
        )

    def phrases(self) -> tuple[str, ...]:
        """The phrases there are pictures of, those that fire first."""
        known = [name for name in self._lights if self.note(name).state is not PhraseState.NOT_SEEN]
        return tuple(sorted(known, key=lambda name: self.note(name).state is not PhraseState.FIRES))

    def start(self) -> None:
        """Look at every phrase that is in use."""
        if self.hindrance:
            return
        self._asked = self._now()
        name, inspector = self._session.name, self._session.state.workbench.inspector
        self._job.submit(lambda signals: inspector.light_phrases(name, signals))

    def cancel(self) -> None:
        """Stop looking."""
        self._job.drop()

    def ask_for_pictures(self, phrase: str) -> None:
        """Have the pictures of a phrase drawn away from the GUI thread; only the newest wish is granted."""
        lights, name = self._lights.get(phrase, ()), self._session.name
        catalogue = self._session.state.workbench.catalogue
        self._background.cancel_waiting()
        self._background.run(
            lambda: _pictures(catalogue.references(name), lights),
            lambda pictures: self.pictures_ready.emit(phrase, pictures),
            lambda error: self.problem_found.emit(*sentence_of(error)),
        )

    def read_words(self) -> None:
        """Have the words of the list read away from the GUI thread; :attr:`changed` follows where some are strange."""
        draft = self._session.draft
        names = tuple(entry.name for entry in draft.anomaly_types) if draft else ()
        if names and not self.tells_types:
            self._background.run(lambda: self._reads.read(names), self._on_read, lambda _: None)

    def _on_read(self, read: tuple[ReadPhrase, ...]) -> None:
        strange = frozenset(one.phrase for one in read if not one.understood)
        if strange != self._strange:
            self._strange = strange
            self.changed.emit()

    def close(self) -> None:
        """Stop, and tell nothing any more."""
        self._job.drop()
        self._background.close()

    def _now(self) -> _LookedAt | None:
        draft = self._session.draft
        if draft is None:
            return None
        return _LookedAt(draft.description, frozenset(reference.image_hash for reference in draft.references))

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, StepDone):
            self.progressed.emit(event.done, event.total)
        elif isinstance(event, PhrasesLit):
            lights: dict[str, list[PhraseLight]] = {}
            for light in event.lights:
                lights.setdefault(light.phrase, []).append(light)
            self._lights = {phrase: tuple(found) for phrase, found in lights.items()}
            self._unknown = frozenset(event.unknown)
            self._seen = self._asked
            self.changed.emit()


def _pictures(images: tuple[SourceImage, ...], lights: tuple[PhraseLight, ...]) -> tuple[PhrasePicture, ...]:
    by_hash = {light.image_hash: light for light in lights}
    made = []
    for image in images:
        light = by_hash.get(image.image_hash)
        if light is not None:
            step = max(1, max(image.size) // (2 * PICTURE_PX))
            small = image.pixels[::step, ::step]
            made.append(
                PhrasePicture(image.name, to_qimage(render_heat_map(small, light.share_map, _SCALE)), light.fires)
            )
    return tuple(made)


def _tr(text: str) -> str:
    return QCoreApplication.translate("PhrasePreview", text)

"""A workbench on a real record with a worker of its own; only the model is small: it judges by the picture's red."""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication
from sqlalchemy import Engine, event

import filo_core.engine
from filo_core.calibration.bad_parts import prove
from filo_core.calibration.evidence import ConfirmedPart
from filo_core.events import Calibrated, PartJudged, PhraseLight, PhrasesLit, StepDone, UnsortedRanked
from filo_core.method.nearest_patch import NearestPatch
from filo_core.proof import JudgedPart
from filo_core.types import (
    AnomalyType,
    Box,
    Eyes,
    Limits,
    Position,
    Prediction,
    ProductDescription,
    ProductDraft,
    Recipe,
    Region,
    SourceImage,
)
from gui.state import AppState, ModelState
from gui.style_sheet import apply_theme
from gui.theme import LIGHT
from gui.worker_bridge import WorkerBridge
from gui.writer import wait_for_writes
from tools.virtual_screen import virtual_screen
from workflows.keeping.nightly import NightlyWork
from workflows.notices.post import NoticePost
from workflows.notices.watch import AlarmWatcher
from workflows.settings.settings import Settings
from workflows.workbench import Workbench, open_workbench

PRODUCT = "metal nut"


@pytest.fixture(autouse=True)
def garbage() -> Iterator[None]:
    """Collected on this thread alone, as in the application: what one test leaves must not go on another's worker."""
    gc.disable()
    yield
    # All that the test made is young.
    gc.collect(1)
    gc.enable()


@pytest.fixture(autouse=True)
def no_record_on_the_windows_thread() -> Iterator[None]:
    """Fail a test in which the window's own code opens a transaction on the window's thread, and say where."""
    found: list[str] = []

    def look(_connection: object) -> None:
        if threading.current_thread() is threading.main_thread() and (where := _window_code()):
            found.append(where)

    event.listen(Engine, "begin", look)
    yield
    event.remove(Engine, "begin", look)
    wait_for_writes()
    assert not found, f"the window's thread opened {len(found)} transactions, from {sorted(set(found))}"


def _window_code() -> str:
    """The line of the window that the calling thread is in, nearest first; empty where the test itself asks."""
    frame = sys._getframe(2)
    while frame is not None and not frame.f_globals.get("__name__", "").startswith("tests."):
        if frame.f_globals.get("__name__", "").startswith("gui."):
            return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


@pytest.fixture(autouse=True)
def english() -> None:
    """Numbers and dates as in English, whatever the machine speaks and the test before has chosen."""
    QLocale.setDefault(QLocale("en_GB"))


class RedDetector:
    """The more red, the more anomalous; ``gate`` holds every prediction back while it is cleared."""

    def __init__(self, gate: threading.Event, trained: bool, first: str = "") -> None:
        self._gate = gate
        self._first = first
        self._trained = trained

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        assert self._gate.wait(20), "a test forgot to open the gate"
        share = pixels[..., 0].astype(np.float32) / 255.0
        score = float(share.mean())
        height, width = share.shape
        found = Region(
            Box(width // 4, height // 4, width // 2, height // 2), 99, score, "scratch", 0.8, Position.CENTER
        )
        return Prediction(score, share[::4, ::4].copy(), (found,) if score > 0.3 else (), {"all": 0.001}, self._trained)

    def nearest(self, pixels: NDArray[np.uint8], box: Box) -> NearestPatch:
        """The first good image, in its middle."""
        assert self._gate.wait(20), "a test forgot to open the gate"
        return NearestPatch(self._first, 0.4, (0.5, 0.5), (0.5, 0.5), (0.1, 0.1))


class RedEngine:
    """Returns the real types, so that everything around it is the real thing."""

    lanes = 1

    profile = "red"
    model_hash = "0" * 64
    device = "cpu"
    names_types = True
    lights_phrases = True
    usual_eyes: Eyes | None = None
    starts_without_pictures = False

    def __init__(self, trained: bool = False) -> None:
        self.trained = trained
        self.gate = threading.Event()
        self.gate.set()

    def eyes_of(self, draft: ProductDraft, references: Sequence[SourceImage] = ()) -> Eyes | None:
        return None if self.usual_eyes is None else draft.eyes or self.usual_eyes

    def model_hash_for(self, eyes: Eyes | None) -> str:
        return self.model_hash

    def detector(self, recipe: Recipe, references: Sequence[SourceImage]) -> RedDetector:
        return RedDetector(self.gate, self.trained, references[0].image_hash if references else "")

    def rank_unsorted(self, pictures: Iterable[SourceImage], total: int) -> Iterator[StepDone | UnsortedRanked]:
        """The redder, the odder."""
        scores = []
        for count, image in enumerate(pictures, start=1):
            scores.append(float(image.pixels[..., 0].mean()))
            yield StepDone(count, total, image.name)
        yield UnsortedRanked(tuple(scores))

    def light_phrases(self, draft: ProductDraft, references: Sequence[SourceImage]) -> Iterator[StepDone | PhrasesLit]:
        """Scratch lights up the first good image, nothing else lights up anything; "zorb" is no word it knows."""
        used = [entry.name for entry in draft.anomaly_types if entry.enabled]
        for done, reference in enumerate(references, start=1):
            yield StepDone(done, len(references), reference.name)
        yield PhrasesLit(
            tuple(
                PhraseLight(
                    name, image.image_hash, np.full((4, 4), 0.9 if name == "scratch" and not place else 0.1, np.float32)
                )
                for name in used
                if name != "zorb"
                for place, image in enumerate(references)
            ),
            ("zorb",) if "zorb" in used else (),
        )

    def is_set_up_for(self, recipe: Recipe) -> bool:
        return True

    def detector_after(self, before: Recipe, recipe: Recipe, images: Sequence[SourceImage]) -> RedDetector:
        return RedDetector(self.gate, self.trained)

    def calibrate(
        self,
        draft: ProductDraft,
        references: Sequence[SourceImage],
        confirmed: Sequence[ConfirmedPart] = (),
        alpha: float = 0.01,
        bad: Sequence[SourceImage] = (),
        apart: Sequence[SourceImage] = (),
    ) -> Iterator[StepDone | PartJudged | Calibrated]:
        detector = RedDetector(self.gate, self.trained)
        judged: dict[bool, list[JudgedPart]] = {True: [], False: []}
        for done, image in enumerate((*references, *bad), start=1):
            prediction = detector.predict(image.pixels)
            is_bad = done > len(references)
            judged[is_bad].append(JudgedPart(image.image_hash, image.name, prediction.image_score))
            yield PartJudged(image, is_bad, prediction)
            yield StepDone(done, len(references) + len(bad), image.name)
        scores = tuple(part.score for part in judged[False])
        sentence = f"{len(scores)} good parts: the lowest promise is {1 / (len(scores) + 1):.1%}."
        limits = Limits(0.3, 0.6, 0.4)
        proof = prove(limits, judged[False], judged[True])
        shown = []
        for image in apart:
            prediction = detector.predict(image.pixels)
            shown.append(JudgedPart(image.image_hash, image.name, prediction.image_score))
            yield PartJudged(image, False, prediction, apart=True)
        promise = 1 / (len(scores) + 1)
        yield Calibrated(
            limits, scores, promise, sentence, self.model_hash, self.trained, proof=proof, promise=promise,
            promised_at=0.3, apart=tuple(shown),
        )  # fmt: skip


def picture(red: int, seed: int = 0, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A noisy picture of a given redness; another seed is another file."""
    noise = np.random.default_rng(seed).integers(0, 12, (size[1], size[0], 3))
    pixels = noise + np.array((red, 40, 40))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def source_image(red: int, seed: int = 0, name: str = "good.png") -> SourceImage:
    """The same as a captured image."""
    made = picture(red, seed)
    buffer = BytesIO()
    made.save(buffer, "PNG")
    encoded = buffer.getvalue()
    return SourceImage(name, encoded, hashlib.sha256(encoded).hexdigest(), np.asarray(made), datetime.now(UTC))


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    apply_theme(qapp, LIGHT)


@pytest.fixture
def engine() -> RedEngine:
    return RedEngine()


@pytest.fixture
def workbench(engine: RedEngine, filo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    # A backup a test would cost more than the test.
    monkeypatch.setattr(NightlyWork, "start", lambda _: None)
    monkeypatch.setattr(AlarmWatcher, "start", lambda _: None)
    monkeypatch.setattr(NoticePost, "start", lambda _: None)
    first = [engine]

    def load(profile: str, device: str, models: Path) -> RedEngine:
        return first.pop() if first else filo_core.engine.load_engine(profile, device, models)  # type: ignore[return-value]

    made = open_workbench(Settings(operator="anna", supervised=False), load_engine=load)  # type: ignore[arg-type]
    yield made
    engine.gate.set()
    made.close()


@pytest.fixture
def state(qapp: QApplication, workbench: Workbench) -> AppState:
    """State of an open window whose model is ready."""
    made = AppState("anna")
    made.set_workbench(workbench)
    made.set_model_state(ModelState.READY)
    return made


@pytest.fixture
def product(workbench: Workbench) -> str:
    """A product with a signed recipe: OK below 0.3 red, NG above 0.6."""
    catalogue = workbench.catalogue
    catalogue.create(ProductDescription(PRODUCT, "nut"))
    catalogue.set_anomaly_types(PRODUCT, (AnomalyType("scratch"), AnomalyType("dent")))
    for seed in range(2):
        catalogue.add_reference(PRODUCT, source_image(20, seed, f"good_{seed}.png"))
    handle = workbench.inspector.calibrate(PRODUCT)
    handle.wait(20)
    assert handle.error is None
    catalogue.sign_off(PRODUCT, "anna", RedEngine.model_hash)
    return PRODUCT


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A folder: three good, two doubtful, two bad, one that is no image."""
    folder = tmp_path / "parts"
    (folder / "deep").mkdir(parents=True)
    for number, red in enumerate((20, 30, 40, 100, 110, 220, 230)):
        picture(red, number).save(folder / f"part_{number}.png")
    (folder / "deep" / "torn.png").write_bytes(b"no image at all")
    return folder


@pytest.fixture
def until() -> Callable[..., None]:
    """Run the event loop until a condition holds."""

    def wait(condition: Callable[[], bool], what: str = "the condition", seconds: float = 15.0) -> None:
        from PySide6.QtCore import QDeadlineTimer, QEventLoop

        deadline = QDeadlineTimer(round(seconds * 1000))
        while not condition():
            assert not deadline.hasExpired(), f"{what} did not come true within {seconds} s"
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            # Else this thread takes the interpreter from the one that is waited for, over and over.
            time.sleep(0.001)

    return wait


@pytest.fixture
def bridge(qapp: QApplication) -> WorkerBridge:
    return WorkerBridge()


@pytest.fixture
def printed_on_a_real_server() -> Callable[[str, float], str]:
    """Runs a test in the window of a real X server within so many seconds; what pytest printed, once it passed."""

    def printed(test: str, within_s: float) -> str:
        with virtual_screen("1280x900") as screen:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "--headed", "-p", "no:cacheprovider", test],
                cwd=Path(__file__).resolve().parents[3],
                env=os.environ | screen,
                capture_output=True,
                text=True,
                check=False,
                timeout=within_s,
            )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return printed

"""A program that runs folder jobs until it is killed. Started by ``test_folder_jobs.py``.

Arguments: the database's URL, its image folder, the jobs' file, and folders to add. It prints after each image.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filo_core.events import Calibrated, ImageInspected, JobEvent
from filo_core.line.worker import Worker
from filo_core.types import Limits, Prediction
from storage.storage import open_storage
from workflows.inspecting.folder_jobs import FolderJob, FolderJobFile
from workflows.inspecting.folder_queue import FolderJobs
from workflows.inspecting.inspector import Inspector
from workflows.products.catalogue import Catalogue


class BrightEngine:
    """The brighter, the more anomalous: starts in no time, where a model takes seconds."""

    lanes = 1

    profile = "bright"
    model_hash = "0" * 64

    def eyes_of(self, draft: object, references: object = ()) -> None:
        return

    def model_hash_for(self, eyes: object) -> str:
        return self.model_hash

    def detector(self, *_: object) -> BrightEngine:
        return self

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        share = pixels[::4, ::4, 0].astype(np.float32) / 255.0
        threading.Event().wait(0.05)
        return Prediction(float(share.mean()), share, (), {"all": 0.05}, False)

    def calibrate(self, *_: object) -> Iterator[Calibrated]:
        yield Calibrated(Limits(0.3, 0.6, 0.4), (0.1,), 0.5, "1 good part.", self.model_hash, False)


class Printer:
    """Says what becomes of the jobs."""

    def folder_event(self, number: int, place: int, event: JobEvent) -> None:
        if isinstance(event, ImageInspected):
            print(f"judged {number} {event.inspection.name}", flush=True)

    def folder_job_changed(self, job: FolderJob) -> None:
        print(f"state {job.number} {job.state.value}", flush=True)


def main(url: str, images: str, file: str, *folders: str) -> None:
    with open_storage(url, Path(images)) as storage:
        worker = Worker(BrightEngine)
        worker.start()
        inspector = Inspector(Catalogue(storage), storage, worker)  # type: ignore[arg-type]
        jobs = FolderJobs(inspector, FolderJobFile(Path(file)))
        jobs.observe(Printer())
        jobs.open()
        for folder in folders:
            jobs.add("plate", Path(folder))
        threading.Event().wait(120)


if __name__ == "__main__":
    main(*sys.argv[1:])

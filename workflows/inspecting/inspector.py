"""The inspection flow as jobs: the engine computes, the record keeps, and whoever listens sees it afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.calibration.evidence import GOAL
from filo_core.events import ImageInspected, RunEvent
from filo_core.imaging import ImageListing, list_images
from filo_core.judging import judge
from filo_core.line.part_files import PartFiles, PictureFile, parts_of
from filo_core.line.part_runs import inspect_parts
from filo_core.line.queue import Job, Priority
from filo_core.line.runs import inspect_images
from filo_core.line.sources.viewed import ViewedSource
from filo_core.line.worker_detector import WorkerDetector
from filo_core.types import Inspection, InspectionRecord, Origin, RecipeVersion, SourceImage
from storage.recorder import Operator, Recorder, name_of
from workflows.inspecting.folder_jobs import job_name
from workflows.inspecting.nearest import nearest_steps
from workflows.line.doors import doors_of
from workflows.line.triggered import TriggeredInspection
from workflows.line.triggers import TriggerChoice, plcs_of, triggers_of_live
from workflows.products.golden import GoldenSets, golden_steps
from workflows.products.learned_names import naming
from workflows.products.learning_defects import forget_steps, learn_steps
from workflows.products.steps import Steps, calibration_steps, eyes_steps, phrase_steps
from workflows.products.teaching import teach_steps, undo_steps
from workflows.products.unsorted import unsorted_steps
from workflows.products.views import judging_views, require_all
from workflows.sealing.seal import RecordSeal

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from filo_core.line.queue import JobHandle, JobListener
    from filo_core.line.sinks.base import Sink
    from filo_core.line.sources.base import ImageSource
    from filo_core.line.worker import Worker
    from filo_core.method.interfaces import Detector
    from filo_core.views import JudgingView
    from storage.storage import Storage
    from workflows.inspecting.continuous import ContinuousInspection
    from workflows.inspecting.live_model import LiveModel
    from workflows.line.delivery import Delivery
    from workflows.line.run import Line
    from workflows.products.catalogue import Catalogue
    from workflows.settings.settings import Settings


def folder_steps(
    recorder: Recorder,
    catalogue: Catalogue,
    version: RecipeVersion,
    folder: Path,
    only: Sequence[PictureFile | PartFiles] | None = None,
) -> Steps:
    """Inspection of a folder under one recipe version: what was judged before is skipped, the rest recorded.

    Args:
        recorder: of the product.
        catalogue: of the products.
        version: what to judge by.
        folder: with its sub-folders.
        only: these files or parts of it; all where None.

    Raises:
        FolderError: if the folder cannot be listed, or holds no image.
        GoldenSetError: from the steps, as soon as the golden set has a problem.
    """
    if version.recipe.views:
        return part_steps(recorder, catalogue, version, folder, only)
    listing = list_images(folder) if only is None else ImageListing(())
    files = listing.images if only is None else _single_files(only)
    golden = GoldenSets(catalogue.storage)

    def already_judged(image_hash: str) -> int | None:
        # Asked for every image: a check that fails in the middle of a run ends it there.
        golden.require(version.recipe.product)
        return recorder.already_judged(image_hash, version.recipe.content_hash)

    def run(engine: Engine) -> Iterator[RunEvent]:
        recipe = version.recipe
        golden.require(recipe.product)
        detector = naming(engine.detector(recipe, catalogue.references(recipe)), catalogue.storage, recipe)
        with recorder.job(job_name(recipe.product, folder)):
            yield from recorder.record(
                inspect_images(
                    files,
                    recipe,
                    detector,
                    already_judged=already_judged,
                    root=folder,
                    left_out=listing.left_out,
                    lanes=engine.lanes,
                )
            )

    return run


def _single_files(only: Sequence[PictureFile | PartFiles]) -> tuple[PictureFile, ...]:
    """Files one by one: those that were put together lost their views meanwhile."""
    return tuple(file for one in only for file in (one.arrivals if isinstance(one, PartFiles) else (one,)))


def part_steps(
    recorder: Recorder,
    catalogue: Catalogue,
    version: RecipeVersion,
    folder: Path,
    only: Sequence[PictureFile | PartFiles] | None = None,
) -> Steps:
    """As :func:`folder_steps`, of a product with views: files are put together into parts by what their names end in.

    Of ``only`` those that are parts are taken as they were put together.
    """
    recipe, product = version.recipe, version.recipe.product
    views, golden = judging_views(catalogue, recipe), GoldenSets(catalogue.storage)
    listing = list_images(folder) if only is None else ImageListing(())
    suffixes = {view.name: view.suffix for view in views}
    if only is None:
        parts = parts_of(listing.images, suffixes, folder)
    else:
        files = [one for one in only if not isinstance(one, PartFiles)]
        together = parts_of(files, suffixes, folder, whole=False)
        parts = (*(one for one in only if isinstance(one, PartFiles)), *together)

    def already_judged(image_hashes: Sequence[tuple[str, str]]) -> int | None:
        require_all(golden.require, recipe)
        return recorder.part_judged(image_hashes, recipe.content_hash)

    def run(engine: Engine) -> Iterator[RunEvent]:
        require_all(golden.require, recipe)
        detectors = view_detectors(engine, catalogue, views)
        with recorder.job(job_name(product, folder)):
            yield from recorder.record(
                inspect_parts(
                    parts,
                    recipe,
                    views,
                    detectors,
                    already_judged,
                    root=folder,
                    left_out=listing.left_out,
                    lanes=engine.lanes,
                )
            )

    return run


def view_detectors(engine: Engine, catalogue: Catalogue, views: Sequence[JudgingView]) -> dict[str, Detector]:
    """A detector for each view of a part, by its name."""
    return {
        view.name: naming(
            engine.detector(view.recipe, catalogue.references(view.recipe)), catalogue.storage, view.recipe
        )
        for view in views
    }


def image_steps(recorder: Recorder, catalogue: Catalogue, version: RecipeVersion, image: SourceImage) -> Steps:
    """Inspection of one image, recorded; the steps raise a GoldenSetError while the golden set has a problem."""

    def run(engine: Engine) -> Iterator[RunEvent]:
        started = time.perf_counter()
        recipe = version.recipe
        GoldenSets(catalogue.storage).require(recipe.product)
        detector = naming(engine.detector(recipe, catalogue.references(recipe)), catalogue.storage, recipe)
        event = ImageInspected(0, judge(image, recipe, detector, Origin.SINGLE, started))
        yield from recorder.record([event])

    return run


def trial_steps(catalogue: Catalogue, name: str, image: SourceImage) -> Steps:
    """Inspection of one image under a product's calibrated draft, before anything is signed off."""

    def run(engine: Engine) -> Iterator[ImageInspected]:
        started = time.perf_counter()
        draft = catalogue.draft(name)
        assert draft.limits is not None, "the wizard offers a trial only after calibration"
        recipe = draft.recipe(draft.limits, engine.model_hash_for(draft.eyes))
        detector = naming(engine.detector(recipe, catalogue.references(recipe)), catalogue.storage, recipe)
        yield ImageInspected(0, judge(image, recipe, detector, Origin.SINGLE, started))

    return run


class Inspector:
    """Submits the inspection flow to the one worker.

    ``station`` and ``operator``, as it is at that moment, are kept with every verdict. ``live_model`` judges live
    pictures in a process of its own; without it they are judged on the worker's thread.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        storage: Storage,
        worker: Worker[Engine],
        *,
        station: str = "",
        operator: Operator = "",
        live_model: LiveModel | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._storage = storage
        self._station = station
        self._operator = operator
        self._live_model = live_model
        self.worker = worker

    def calibrate(self, name: str, listener: JobListener | None = None, *, alpha: float = GOAL) -> JobHandle:
        """Set a product's limits from its references and confirmed good parts."""
        steps = calibration_steps(self._catalogue, name, alpha)
        return self._submit(f"Calibrate {name}", Priority.INTERACTIVE, steps, listener)

    def judge_known_parts(self, name: str, listener: JobListener | None = None) -> JobHandle:
        """Judge a product's good images and golden set as a calibration does; its limits stay as they are."""
        steps = calibration_steps(self._catalogue, name, keeps=False)
        return self._submit(f"Judge known parts of {name}", Priority.INTERACTIVE, steps, listener)

    def choose_eyes(self, name: str, listener: JobListener | None = None) -> JobHandle:
        """Try how a product is best looked at."""
        return self._submit(f"Try eyes for {name}", Priority.INTERACTIVE, eyes_steps(self._catalogue, name), listener)

    def sort_pictures(self, folder: Path, listener: JobListener | None = None) -> JobHandle:
        """Propose good parts among pictures nobody has sorted; nothing is recorded.

        Raises:
            FolderError: if the folder does not hold 12 to 200 pictures.
        """
        return self._submit(f"Sort {folder.name}", Priority.INTERACTIVE, unsorted_steps(folder), listener)

    def light_phrases(self, name: str, listener: JobListener | None = None) -> JobHandle:
        """See what each phrase of a product's anomaly list lights up on its good images."""
        steps = phrase_steps(self._catalogue, name)
        return self._submit(f"Look at the phrases of {name}", Priority.INTERACTIVE, steps, listener)

    def find_nearest(self, record: InspectionRecord, region: int, listener: JobListener | None = None) -> JobHandle:
        """Put a region of an inspection beside the nearest stored patch.

        Raises:
            RecipeError: if nothing was judged.
        """
        steps = nearest_steps(self._catalogue, record, region)
        return self._submit(f"Compare {record.name}", Priority.INTERACTIVE, steps, listener)

    def check_golden_set(self, name: str, listener: JobListener | None = None) -> JobHandle:
        """Judge the known parts of a product under its recipe in force, and log what came out."""
        steps = golden_steps(self._catalogue, name, name_of(self._operator))
        return self._submit(f"Check {name}", Priority.INTERACTIVE, steps, listener)

    def teach(
        self,
        record: InspectionRecord,
        region: int | None,
        taught_by: str,
        listener: JobListener | None = None,
        *,
        pin: str = "",
    ) -> JobHandle:
        """Teach a region of an inspection as good, or all of them; see :mod:`workflows.products.teaching`.

        Raises:
            TeachingError: if there is nothing to learn from this inspection.
        """
        steps = teach_steps(self._catalogue, record, region, taught_by, pin)
        return self._submit(f"Teach {record.name}", Priority.INTERACTIVE, steps, listener)

    def undo_teaching(
        self,
        name: str,
        undone_by: str,
        image_hash: str = "",
        listener: JobListener | None = None,
        *,
        pin: str = "",
    ) -> JobHandle:
        """Take back the newest teaching, or that of one image."""
        steps = undo_steps(self._catalogue, name, undone_by, image_hash, pin)
        return self._submit(f"Undo teaching of {name}", Priority.INTERACTIVE, steps, listener)

    def learn_defects(
        self, name: str, by: str, listener: JobListener | None = None, *, pin: str = "", keeps: bool = True
    ) -> JobHandle:
        """Let a product's map learn from its confirmed defects; see :mod:`workflows.products.learning_defects`."""
        steps = learn_steps(self._catalogue, name, signed_by=by, pin=pin, keeps=keeps)
        return self._submit(f"Learn defects of {name}", Priority.INTERACTIVE, steps, listener)

    def forget_defects(self, name: str, by: str, listener: JobListener | None = None, *, pin: str = "") -> JobHandle:
        """Take back what the map of a product learnt last."""
        steps = forget_steps(self._catalogue, name, signed_by=by, pin=pin)
        return self._submit(f"Forget defects of {name}", Priority.INTERACTIVE, steps, listener)

    def inspect_folder(
        self,
        name: str,
        folder: Path,
        listener: JobListener | None = None,
        only: Sequence[PictureFile | PartFiles] | None = None,
    ) -> JobHandle:
        """Inspect a folder, or only some files or parts of it, under the product's newest recipe version.

        Raises:
            ProductError: if the product has no signed recipe.
            FolderError: if the folder cannot be listed, or holds no image.
        """
        steps = folder_steps(self._recorder(name), self._catalogue, self._catalogue.recipe(name), folder, only)
        return self._submit(f"Inspect {folder.name}", Priority.FOLDER, steps, listener)

    def inspect_image(
        self, name: str, image: SourceImage, listener: JobListener | None = None, *, trial: bool = False
    ) -> JobHandle:
        """Inspect and record one image under the newest recipe version; a trial uses the draft and records nothing.

        Raises:
            ProductError: if the product has no signed recipe, and this is no trial.
        """
        if trial:
            steps = trial_steps(self._catalogue, name, image)
        else:
            steps = image_steps(self._recorder(name), self._catalogue, self._catalogue.recipe(name), image)
        return self._submit(f"Inspect {image.name}", Priority.INTERACTIVE, steps, listener)

    def live(
        self, name: str, source: ImageSource, settings: Settings, on_inspection: Callable[[Inspection], None]
    ) -> ContinuousInspection:
        """Live inspection of a source under the product's newest recipe version.

        Each verdict is recorded first, and delivered to the outputs; their PLCs read it. While the golden set has a
        problem there are no verdicts, and ``problem`` of the inspection says why.

        Args:
            name: of the product.
            source: where pictures come from.
            settings: name the outputs and their outbox.
            on_inspection: told every verdict.

        Raises:
            ProductError: if the product has no signed recipe.
            FiloError: if an output is none.
        """
        # The outbox and the outputs' drivers are loaded where something runs.
        from workflows.inspecting.continuous import ContinuousInspection

        version = self._catalogue.recipe(name)
        sinks = self._sinks(settings)
        run = ContinuousInspection(
            source,
            self.worker,
            version,
            lambda engine: self._live_detectors(engine, version, (), run.take_note)[0],
            on_inspection,
            self._recorder(name),
            partial(GoldenSets(self._storage).require, name),
            self._delivery(settings, sinks) if sinks else None,
            plcs_of(settings.outputs),
            doors_of(settings),
        )
        return run

    def triggered(
        self,
        name: str,
        source: ImageSource | None,
        choice: TriggerChoice,
        settings: Settings,
        on_inspection: Callable[[Inspection], None],
    ) -> TriggeredInspection:
        """As :meth:`live`, but a part is judged when something asks; answers are kept in the outbox in any case.

        Args:
            name: of the product.
            source: where pictures come from; None where each trigger brings its own.
            choice: what asks, beside the PLCs of the outputs.
            settings: name the outputs, their outbox and the token.
            on_inspection: told every answer.

        Raises:
            ProductError: if the product has no signed recipe.
            FiloError: if an output is none.
        """
        version = self._catalogue.recipe(name)
        viewed = ViewedSource(source) if source is not None else None
        return self._triggered(version, choice, settings, on_inspection, source=viewed)

    def views(self, name: str) -> tuple[JudgingView, ...]:
        """The views that the parts of a product are looked at in; none for a product of one picture.

        Raises:
            ProductError: if the product has no signed recipe.
        """
        return judging_views(self._catalogue, self._catalogue.recipe(name).recipe)

    def suffixes(self, name: str) -> dict[str, str]:
        """What the files of each view of a product end in, by the view's name; none for a product of one picture.

        Raises:
            ProductError: if the product has no signed recipe.
        """
        return {view.name: view.suffix for view in self.views(name)}

    def triggered_views(
        self,
        name: str,
        sources: Sequence[ImageSource],
        choice: TriggerChoice,
        settings: Settings,
        on_inspection: Callable[[Inspection], None],
    ) -> TriggeredInspection:
        """As :meth:`triggered`, of a product with views: each trigger asks all cameras, and continuous ones as well.

        Args:
            name: of the product.
            sources: one a view, in their order; none where each trigger brings the pictures of its part.
            choice: what asks.
            settings: name the outputs, their outbox and the token.
            on_inspection: told every answer.

        Raises:
            ProductError: if the product has no signed recipe.
            FiloError: if an output is none.
        """
        version = self._catalogue.recipe(name)
        viewed = [ViewedSource(source) for source in sources]
        return self._triggered(version, choice, settings, on_inspection, through=viewed)

    def _triggered(
        self,
        version: RecipeVersion,
        choice: TriggerChoice,
        settings: Settings,
        on_inspection: Callable[[Inspection], None],
        *,
        source: ViewedSource | None = None,
        through: Sequence[ViewedSource] = (),
    ) -> TriggeredInspection:
        """``through`` are the cameras of the views, where the product has any and no trigger brings their pictures."""
        from filo_core.line.part_views import LineView, PartViews
        from workflows.line.run import Line

        recipe = version.recipe
        views = judging_views(self._catalogue, recipe)
        detector = WorkerDetector(
            self.worker, lambda engine: self._live_detectors(engine, version, views, run.take_note)
        )
        looks = [
            LineView(view, camera, detector.of_view(place))
            for place, (view, camera) in enumerate(zip(views, through or (None,) * len(views), strict=True))
        ]
        cameras = PartViews(recipe, looks) if looks else None
        make_line = partial(
            Line,
            recipe=recipe,
            source=source,
            views=cameras,
            detector=detector,
            recorder=self._recorder(recipe.product),
            outbox_file=settings.outbox,
            sinks=self._sinks(settings),
            deadline_s=settings.deadline_s,
            part_wait_s=settings.part_wait_s,
            seal=RecordSeal(self._storage, settings.home),
            require=partial(require_all, GoldenSets(self._storage).require, recipe),
        )
        camera = cameras or source
        run = TriggeredInspection(
            version,
            choice,
            detector,
            lambda on_answer: make_line(on_answer=on_answer),
            partial(_add_triggers, choice, settings),
            on_inspection,
            camera,
        )
        return run

    def _live_detectors(
        self, engine: Engine, version: RecipeVersion, views: Sequence[JudgingView], on_note: Callable[[str], None]
    ) -> list[Detector]:
        """One detector, or one for each view."""
        recipes = [view.recipe for view in views] or [version.recipe]
        by = tuple((recipe, self._catalogue.references(recipe)) for recipe in recipes)
        if self._live_model is None:
            made: list[Detector] = [engine.detector(*one) for one in by]
        else:
            made = self._live_model.detectors(engine, version.recipe, by, on_note)
        return [naming(detector, self._storage, recipe) for detector, recipe in zip(made, recipes, strict=True)]

    def _delivery(self, settings: Settings, sinks: list[Sink]) -> Callable[[], Delivery]:
        from workflows.line.bound_answers import BoundAnswers
        from workflows.line.delivery import Delivery

        seal, bound = RecordSeal(self._storage, settings.home), BoundAnswers(self._storage, self._station)
        return partial(Delivery, settings.outbox, sinks, seal=seal, bound=bound)

    def _sinks(self, settings: Settings) -> list[Sink]:
        if not settings.outputs:
            return []
        from workflows.line.outputs import OutputStore

        return OutputStore(settings.home, exports=settings.export_folder).sinks(settings.outputs)

    def _recorder(self, name: str) -> Recorder:
        return Recorder(self._storage, name, station=self._station, operator=self._operator)

    def _submit(self, name: str, priority: Priority, steps: Steps, listener: JobListener | None) -> JobHandle:
        return self.worker.submit(Job(name=name, priority=priority, steps=steps), listener)


def _add_triggers(choice: TriggerChoice, settings: Settings, line: Line) -> None:
    """What asks for verdicts joins the line."""
    line.parts += triggers_of_live(choice, line, settings.outputs, doors_of(settings))

"""Capability studies: laid down, presented and told. What is said in one is no inspection and decides nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from filo_core.capability import (
    MOST_PEOPLE,
    PRESENTATIONS,
    SYSTEM,
    CapabilityStudy,
    StudyAnswer,
    StudyPart,
    StudyPlan,
)
from filo_core.errors import FiloError
from filo_core.events import StepDone
from filo_core.imaging import decode_image
from filo_core.judging import judge
from filo_core.sentence import Sentence
from filo_core.types import EventKind, Origin, SourceImage, Verdict
from storage.names import name_key, tidy_name
from workflows.people.access import Access, AccessError
from workflows.people.rights import Right, asks, free
from workflows.studies.parts import (
    USUAL_PARTS,
    choose_parts,
    chosen_images,
    decided_parts,
    folder_parts,
    learned,
)

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from storage.storage import Storage
    from workflows.products.catalogue import Catalogue


class StudyError(FiloError):
    """A study cannot be laid down, found or answered so."""


class Studies:
    """The capability studies of a record. Safe to use from several threads.

    Args:
        storage: the record.
        access: who is signed in; laying down a study and answering in somebody's name ask for it.
    """

    def __init__(self, storage: Storage, access: Access | None = None) -> None:
        self._storage = storage
        self._access = access or Access(storage)

    def of(self, product: str) -> tuple[CapabilityStudy, ...]:
        """The studies of a product, newest first.

        Raises:
            ProductError: if there is no such product.
        """
        with self._storage.reading() as transaction:
            return transaction.studies.of(transaction.products.product_id(product))

    def study(self, product: str, number: int | None = None) -> CapabilityStudy:
        """A study by its number; the newest one of the product without.

        Raises:
            ProductError: if there is no such product.
            StudyError: if it has no such study.
        """
        found = self.of(product)
        for study in found:
            if number in {None, study.study_id}:
                return study
        if not found:
            raise StudyError("{product} has no capability study yet. Create one first.", product=product)
        known = ", ".join(str(study.study_id) for study in found)
        raise StudyError(
            "{product} has no study {number}. Its studies are {known}.", product=product, number=number, known=known
        )

    @asks(Right.STUDY)
    def create(
        self,
        product: str,
        folders: Sequence[Path] = (),
        *,
        people: Sequence[str] = (),
        most: int = USUAL_PARTS,
        by: str = "",
    ) -> CapabilityStudy:
        """Lay a study down, under the recipe in force.

        Args:
            product: what is judged.
            folders: each with a folder ``good`` and others for bad parts; what people have decided where none is given.
            people: up to three who judge besides the system.
            most: parts, of those that are there.
            by: who lays it down, while there are no users.

        Raises:
            EvidenceError: if there are too few parts, or too few of one kind.
            FolderError: if a folder is none of known parts.
            ProductError: if there is no such product, or it has no recipe.
            StudyError: if the people cannot be told apart.
            AccessError: if there are users and nobody who may do this is signed in.
        """
        who = self._access.require(Right.STUDY, by)
        names = self._people(people)
        with self._storage.reading() as transaction:
            version = transaction.products.recipe(product)
        by_heart, key = learned(version.recipe), secrets.token_hex(32)
        found = folder_parts(folders) if folders else ()
        there = [part for part, _ in found] if folders else decided_parts(self._storage, product)
        chosen = choose_parts((part for part in there if part.image_hash not in by_heart), most, key)
        for image in chosen_images(found, chosen) if folders else ():
            self._storage.artefacts.put_image(image)
        recipe = version.recipe
        plan = StudyPlan(recipe.product, version.version, recipe.content_hash, chosen, names, PRESENTATIONS, key)
        now = datetime.now(UTC)
        with self._storage.transaction() as transaction:
            keys = transaction.products.recipe_keys(product, recipe.content_hash)
            study_id = transaction.studies.add(keys.product_id, keys.recipe_version_id, plan, who, now)
            detail = {"study": study_id, "parts": len(chosen), "bad": plan.bad, "people": list(names)}
            self._access.note(transaction, EventKind.STUDY_CREATED, who, recipe.product, detail)
        return CapabilityStudy(study_id, plan, who, now, ())

    @asks(Right.REVIEW)
    def answer(self, study: CapabilityStudy, appraiser: str, presentation: int, part: int, verdict: Verdict) -> None:
        """Keep what a person said about the part that was presented; said again, the later one counts.

        Raises:
            StudyError: if they do not take part in this study, or there is no such part.
            ValueError: if it is neither OK nor NG.
            AccessError: if there are users and somebody else is signed in, or nobody.
        """
        if verdict not in {Verdict.OK, Verdict.NG}:
            raise ValueError(f"a person decides OK or NG, not {verdict}")
        plan = study.plan
        if appraiser not in plan.people:
            raise StudyError(
                "{appraiser} does not take part in study {study_id}.",
                appraiser=appraiser or "Nobody",
                study_id=study.study_id,
            )
        if not (1 <= presentation <= plan.presentations and 0 <= part < len(plan.parts)):
            raise StudyError(
                "Study {study_id} has no part {part} at presentation {presentation}.",
                study_id=study.study_id,
                part=part + 1,
                presentation=presentation,
            )
        who = self._access.require(Right.REVIEW, appraiser)
        if name_key(who) != name_key(appraiser):
            raise AccessError(
                "{who} is signed in. {appraiser} has to sign in to judge in this study.", who=who, appraiser=appraiser
            )
        self._keep(study, StudyAnswer(appraiser, presentation, part, verdict, None, datetime.now(UTC)))

    @free("the system's answers in a study decide nothing; the chain has each of them")
    def keep_system(self, study: CapabilityStudy, answer: StudyAnswer) -> None:
        """Keep what the system said."""
        self._keep(study, answer)

    def picture(self, part: StudyPart) -> SourceImage:
        """The picture of a part, without its name: nobody who judges sees it.

        Raises:
            StorageError: if it is gone.
        """
        return decode_image(self._storage.artefacts.get_bytes(part.image_hash), "part")

    def _keep(self, study: CapabilityStudy, answer: StudyAnswer) -> None:
        number, appraiser, presentation = study.study_id, answer.appraiser, answer.presentation
        with self._storage.transaction() as transaction:
            before = transaction.studies.parts_said(number, appraiser, presentation)
            transaction.studies.answer(number, [answer])
            after = transaction.studies.parts_said(number, appraiser, presentation)
            if before < after == len(study.plan.parts):
                detail = {"study": number, "appraiser": appraiser, "presentation": presentation}
                self._access.note(transaction, EventKind.STUDY_PRESENTED, appraiser, study.plan.product, detail)

    def _people(self, people: Sequence[str]) -> tuple[str, ...]:
        names = tuple(tidy_name(name, "name of who judges") for name in people)
        keys = [name_key(name) for name in names]
        if not all(names) or len({*keys, SYSTEM}) != len(keys) + 1:
            raise StudyError(
                "Name the people apart from each other, and nobody {system}: it judges anyway.", system=SYSTEM
            )
        if len(names) > MOST_PEOPLE:
            raise StudyError(
                "At most {most_people} people take part in a study besides the system.", most_people=MOST_PEOPLE
            )
        if self._access.is_needed:
            with self._storage.reading() as transaction:
                unknown = [name for name in names if transaction.users.find(name) is None]
            if unknown:
                raise StudyError(
                    "{unknown} cannot sign in here. Create the user first, or correct it.", unknown=", ".join(unknown)
                )
        return names


def presenting_steps(
    studies: Studies, catalogue: Catalogue, study: CapabilityStudy
) -> Callable[[Engine], Iterator[StepDone]]:
    """The system judges what it has still to judge, each picture anew at every presentation; interrupted, it goes on.

    The recipe is the one that the study was laid down under, whatever is in force by now.
    """
    plan = study.plan

    def run(engine: Engine) -> Iterator[StepDone]:
        recipe = catalogue.recipe(plan.product, plan.recipe_version).recipe
        detector = engine.detector(recipe, catalogue.references(recipe))
        left = study.remaining(SYSTEM)
        for number, (presentation, part) in enumerate(left, start=1):
            image = studies.picture(plan.parts[part])
            found = judge(image, recipe, detector, Origin.SINGLE, perf_counter())
            score = found.prediction.image_score if found.prediction else None
            answer = StudyAnswer(SYSTEM, presentation, part, found.verdict, score, datetime.now(UTC))
            studies.keep_system(study, answer)
            yield StepDone(number, len(left), Sentence("presentation {number}", number=presentation))

    return run

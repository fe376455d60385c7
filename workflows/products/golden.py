"""Golden sets: known parts, their checks, and the gate that keeps a failing recipe from inspecting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.calibration.evidence import ConfirmedPart
from filo_core.calibration.golden_check import check_golden_set
from filo_core.errors import FiloError, FolderError
from filo_core.events import StepDone
from filo_core.golden_set import GoldenCheck, GoldenChecked, GoldenPart, GoldenRelease
from filo_core.imaging import decode_image, list_images, printable_name, read_image
from filo_core.imaging.taken import taken_at
from filo_core.sentence import Sentence
from filo_core.statistics.shifts import Shifts
from filo_core.types import LONGEST_REASON, Recipe, SourceImage, Verdict
from storage.names import tidy_name
from workflows.people.access import Access
from workflows.people.rights import Right, asks, free

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from storage.storage import Storage, Transaction
    from workflows.products.catalogue import Catalogue

MOST_SHOWN = 200
"""Parts of a golden set that the window and ``product prove`` add up to: each is judged at every calibration."""
_GOOD_FOLDERS = frozenset({"good", "ok"})


class GoldenSetError(FiloError):
    """The golden set keeps a product from being inspected, or a release lacks something."""


class GoldenSets:
    """The golden sets of a record's products. Safe to use from several threads.

    Args:
        storage: the record.
        access: who is signed in; whatever changes a set, or lets inspection go on in spite of it, asks for it.
    """

    def __init__(self, storage: Storage, access: Access | None = None) -> None:
        self._storage = storage
        self._access = access or Access(storage)

    def parts(self, name: str) -> tuple[GoldenPart, ...]:
        """The known parts of a product."""
        with self._storage.reading() as transaction:
            return transaction.golden.parts(transaction.products.product_id(name))

    @asks(Right.GOLDEN_SET)
    def add(self, name: str, image: SourceImage, expected: Verdict, by: str = "") -> GoldenPart:
        """Add a known part; the same content again replaces what was known about it.

        Raises:
            ValueError: if what is known is neither OK nor NG.
            AccessError: if there are users and nobody who may change a golden set is signed in.
            StorageError: if the image cannot be stored.
        """
        if expected not in {Verdict.OK, Verdict.NG}:
            raise ValueError(f"a golden part is OK or NG, not {expected}")
        who = self._access.require(Right.GOLDEN_SET, by)
        part = GoldenPart(image.image_hash, printable_name(image.name), expected)
        self._storage.artefacts.put_image(image)
        with self._storage.transaction() as transaction:
            transaction.known.note(image, taken_at(image))
            transaction.golden.put(transaction.products.product_id(name), part, who)
        return part

    @asks(Right.GOLDEN_SET)
    def add_shown(self, name: str, images: Sequence[SourceImage], expected: Verdict, by: str = "") -> None:
        """Add parts that are shown to a set-up; its own good images are known already.

        Raises:
            GoldenSetError: if a bad part is one of the product's good images, or there would be too many parts.
            AccessError: if there are users and nobody who may change a golden set is signed in.
            StorageError: if an image cannot be stored.
        """
        self._access.require(Right.GOLDEN_SET, by)
        with self._storage.reading() as transaction:
            own = {reference.image_hash for reference in transaction.products.draft(name).references}
            known = {part.image_hash for part in transaction.golden.parts(transaction.products.product_id(name))}
        for image in images:
            if image.image_hash in own and expected is Verdict.NG:
                raise GoldenSetError(
                    "{name} is one of the good images of {product}. Take it away there first.",
                    name=image.name,
                    product=name,
                )
        new = [image for image in images if image.image_hash not in own]
        if len(known | {image.image_hash for image in new}) > MOST_SHOWN:
            raise GoldenSetError(
                "A golden set takes {most_shown} parts. Show the bad ones that differ most.", most_shown=MOST_SHOWN
            )
        for image in new:
            self.add(name, image, expected, by)

    def shown(self, recipe: Recipe) -> tuple[tuple[ConfirmedPart, ...], tuple[SourceImage, ...]]:
        """Good and bad parts of the golden set that are not in a recipe's memory bank, with their images.

        Raises:
            ProductError: if there is no such product.
            StorageError: if an image is missing from the image store.
        """
        own = {reference.image_hash for reference in recipe.bank_images}
        good, bad = [], []
        for part in self.parts(recipe.product):
            if part.image_hash in own:
                continue
            image = decode_image(self._storage.artefacts.get_bytes(part.image_hash), part.name)
            if part.expected is Verdict.OK:
                good.append(ConfirmedPart(part.name, image, image_hash=part.image_hash))
            else:
                bad.append(image)
        return tuple(good), tuple(bad)

    @asks(Right.GOLDEN_SET)
    def add_folder(self, name: str, folder: Path, by: str = "") -> tuple[GoldenPart, ...]:
        """Add the parts of a folder: ``good`` or ``ok`` are good, all folders beside them bad, as in MVTec AD's test.

        Raises:
            FolderError: if there is no such folder, or no good and no bad one in it.
            UnreadableImageError: if an image is of no use; nothing is added then.
            AccessError: if there are users and nobody who may change a golden set is signed in.
        """
        self._access.require(Right.GOLDEN_SET, by)
        found = tuple(known_images(folder))
        # Each is read before the first is stored, and again when it is stored: memory holds one at a time.
        for path, _ in found:
            read_image(path)
        return tuple(self.add(name, read_image(path), expected, by) for path, expected in found)

    @asks(Right.GOLDEN_SET)
    def remove(self, name: str, image_hash: str, by: str = "") -> None:
        """Take a part out of the set; the checks that were made with it stay.

        Raises:
            AccessError: if there are users and nobody who may change a golden set is signed in.
        """
        who = self._access.require(Right.GOLDEN_SET, by)
        with self._storage.transaction() as transaction:
            transaction.golden.remove(transaction.products.product_id(name), image_hash, who)

    @asks(Right.GOLDEN_SET)
    def demand(self, name: str, shifts: Shifts | None, by: str = "") -> None:
        """Demand a check in each shift before anything is inspected; None demands it no more.

        Raises:
            AccessError: if there are users and nobody who may change a golden set is signed in.
        """
        who, starts = self._access.require(Right.GOLDEN_SET, by), str(shifts) if shifts else None
        with self._storage.transaction() as transaction:
            transaction.golden.set_demand(transaction.products.product_id(name), starts, who)

    def demanded(self, name: str) -> Shifts | None:
        """Shifts in each of which a check is demanded, None where it is not."""
        with self._storage.reading() as transaction:
            starts = transaction.golden.demand(transaction.products.product_id(name))
        return Shifts.parse(starts) if starts else None

    def checks(self, name: str, limit: int = 20) -> tuple[GoldenCheck, ...]:
        """The newest checks, newest first."""
        with self._storage.reading() as transaction:
            return transaction.golden.checks(transaction.products.product_id(name), limit)

    def releases(self, name: str, limit: int = 20) -> tuple[GoldenRelease, ...]:
        """The newest releases, newest first."""
        with self._storage.reading() as transaction:
            return transaction.golden.releases(transaction.products.product_id(name), limit)

    def problem(self, name: str, now: datetime | None = None) -> str:
        """Why the golden set keeps this product from being inspected, as a sentence; empty when it does not.

        Args:
            name: of the product.
            now: with the time zone of the clock on the wall; the present where it is not given.
        """
        with self._storage.reading() as transaction:
            return _problem(transaction, name, now or datetime.now().astimezone())

    def require(self, name: str) -> None:
        """Refuse to go on while the golden set has a problem.

        Raises:
            GoldenSetError: with the sentence of :meth:`problem` and what to do.
        """
        problem = self.problem(name)
        if problem:
            raise GoldenSetError(
                "{name} must not be inspected. {problem} Check the golden set again, or sign off with a reason.",
                name=name,
                problem=problem,
            )

    @asks(Right.RELEASE)
    def release(self, name: str, signed_by: str, reason: str, pin: str = "") -> GoldenRelease:
        """Let inspection go on in spite of the problem there is: until the next check, or the next shift.

        Once there are users, whoever is signed in signs, and gives the PIN again; until then ``signed_by`` does.

        Raises:
            GoldenSetError: if there is no problem, nobody signs, or no reason is given.
            AccessError: if there are users and nobody is signed in who may sign off, or the PIN is wrong.
        """
        who, why = tidy_name(self._access.require(Right.RELEASE, signed_by, pin), "signature"), reason.strip()
        if not who:
            raise GoldenSetError("Nobody has signed. Enter who lets the inspection go on.")
        if not 0 < len(why) <= LONGEST_REASON:
            raise GoldenSetError(
                "Say why the inspection may go on, in at most {longest_reason} characters.",
                longest_reason=LONGEST_REASON,
            )
        with self._storage.transaction() as transaction:
            problem = _problem(transaction, name, datetime.now().astimezone())
            if not problem:
                raise GoldenSetError(
                    "Nothing keeps {name} from being inspected. There is nothing to sign off.", name=name
                )
            product_id = transaction.products.product_id(name)
            newest = transaction.golden.checks(product_id, 1)
            release = GoldenRelease(newest[0].check_id if newest else None, problem, why, who, datetime.now(UTC))
            transaction.golden.add_release(product_id, release)
        return release

    @free("a check is an inspection of known parts")
    def keep(self, name: str, checked: GoldenChecked, checked_by: str) -> None:
        """Log a check as it came out."""
        with self._storage.transaction() as transaction:
            keys = transaction.products.recipe_keys(name, checked.recipe_hash)
            transaction.golden.add_check(
                keys.product_id, keys.recipe_version_id, checked, checked_by, datetime.now(UTC)
            )


def golden_steps(
    catalogue: Catalogue, name: str, checked_by: str
) -> Callable[[Engine], Iterator[StepDone | GoldenChecked]]:
    """A check of the golden set under the recipe in force; the result is in the log before it is passed on."""
    golden = GoldenSets(catalogue.storage)
    who = tidy_name(checked_by, "name of who checks")

    def read(part: GoldenPart) -> SourceImage:
        return decode_image(catalogue.storage.artefacts.get_bytes(part.image_hash), part.name)

    def run(engine: Engine) -> Iterator[StepDone | GoldenChecked]:
        recipe = catalogue.recipe(name).recipe
        detector = engine.detector(recipe, catalogue.references(recipe))
        for event in check_golden_set(golden.parts(name), read, recipe, detector):
            if isinstance(event, GoldenChecked):
                golden.keep(name, event, who)
            yield event

    return run


def known_images(folder: Path) -> Iterable[tuple[Path, Verdict]]:
    """Images below a folder with what they are known to be, by the name of the folder they lie in.

    Raises:
        FolderError: if there is no folder, or none of a good and of a bad part in it.
    """
    test = folder / "test"
    root = test if test.is_dir() else folder
    if not root.is_dir():
        raise FolderError(
            "{folder} is not a folder. Give one that holds a folder good and others for bad parts.", folder=folder
        )
    found: list[tuple[Path, Verdict]] = []
    for kind in sorted(path for path in root.iterdir() if path.is_dir()):
        expected = Verdict.OK if kind.name.lower() in _GOOD_FOLDERS else Verdict.NG
        found += [(path, expected) for path in list_images(kind).images]
    if len({expected for _, expected in found}) < 2:
        raise FolderError(
            "{folder} needs a folder good with good parts and at least one folder beside it with bad parts.",
            folder=folder,
        )
    return found


def _problem(transaction: Transaction, name: str, now: datetime) -> str:
    product_id = transaction.products.product_id(name)
    starts = transaction.golden.demand(product_id)
    checks = transaction.golden.checks(product_id, 1)
    releases = transaction.golden.releases(product_id, 1)
    newest, signed = (checks or (None,))[0], (releases or (None,))[0]
    known = transaction.golden.count(product_id)
    if known and newest and not newest.checked.passed and (signed is None or signed.check_id != newest.check_id):
        return newest.checked.sentence
    if starts is None:
        return ""
    begun = Shifts.parse(starts).start_of(now)
    if signed and signed.signed_at >= begun:
        return ""
    if not known:
        return Sentence("It demands a check of its golden set in each shift, and has no known parts.")
    return _overdue(newest, begun, transaction.products.draft(name).signed_version)


def _overdue(newest: GoldenCheck | None, begun: datetime, in_force: int | None) -> str:
    if newest is None or newest.checked_at < begun:
        return Sentence("Its golden set has not been checked since the shift began at {begun:%H:%M}.", begun=begun)
    if newest.recipe_version != in_force:
        return Sentence(
            "Its golden set was checked under recipe version {recipe_version}, not {in_force}.",
            recipe_version=newest.recipe_version,
            in_force=in_force,
        )
    return ""

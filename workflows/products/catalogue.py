"""Products from their first name to a signed recipe. Every step is in the record when a method returns.

So closing the window in the middle of the wizard loses nothing: the draft says what comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.calibration.guard import session_sentence
from filo_core.errors import ProductError, RecipeError
from filo_core.imaging import decode_image, printable_name
from filo_core.imaging.taken import taken_at
from filo_core.sentence import Sentence
from filo_core.types import (
    AnomalyType,
    EventKind,
    Eyes,
    Limits,
    ProductDescription,
    ProductDraft,
    Recipe,
    RecipeVersion,
    Reference,
    SourceImage,
    View,
)
from filo_core.views import view_product
from filo_core.zones import Zone, fixture_of, without_ease, without_names
from storage.names import name_key, product_name, tidy_name
from workflows.people.access import Access
from workflows.people.names import refuse_look_alike
from workflows.people.rights import Right, asks, free
from workflows.products.carrying import carried, named_regions
from workflows.products.differences import Difference, differences, sentences
from workflows.products.draft_rules import (
    check_limits,
    renamed,
    signable_limits,
    tidy_description,
    tidy_draft,
    tidy_types,
    uncalibrated,
    unsigned_sentence,
    without_stale_limits,
)
from workflows.products.product_file import ProductFile, images_of, write_product
from workflows.products.proofs import draft_proof, judged_detail, proof_of_version, proven_detail, tidy_reason
from workflows.products.session_guards import session_guard
from workflows.products.view_rules import (
    find_view,
    refuse_own_pictures,
    refuse_part,
    refuse_password,
    refuse_setup_of_part,
    refuse_signing_alone,
    refuse_too_many,
    refuse_view,
    shared_with_views,
    tidy_view,
)

if TYPE_CHECKING:
    from filo_core.calibration.guard import Guard
    from filo_core.events import Calibrated
    from filo_core.fixture import Fixture
    from filo_core.proof import Counts, Proof, SignedProof
    from storage.storage import Storage, Transaction

LARGEST_COST = 1e9
"""Of one defect, in whatever money."""
_WHY_LEARNT = Sentence("its map learnt from parts that people called NG.")
_WHY_FORGOT = Sentence("what its map had learnt was taken back.")
_A_DRAFT = "a draft judges nothing before a sign-off, and an event says who changed what"


class Catalogue:
    """The products of a record. Safe to use from several threads.

    Wherever a product is asked for by name, case and blanks make no difference, and a
    :class:`~filo_core.errors.ProductError` says when there is none.
    """

    def __init__(self, storage: Storage, access: Access | None = None) -> None:
        self._storage = storage
        # Without one nobody is signed in, which is enough until there are users.
        self._access = access or Access(storage)

    @property
    def storage(self) -> Storage:
        """The record that the products are in."""
        return self._storage

    def drafts(self) -> tuple[ProductDraft, ...]:
        """All products in the order of their names."""
        with self._storage.reading() as transaction:
            return transaction.products.drafts()

    def draft(self, name: str) -> ProductDraft:
        """One product as it stands now."""
        with self._storage.reading() as transaction:
            return transaction.products.draft(name)

    def has(self, name: str) -> bool:
        """Whether there is a product of this name."""
        with self._storage.reading() as transaction:
            return transaction.products.exists(name)

    @free(_A_DRAFT)
    def create(self, description: ProductDescription) -> ProductDraft:
        """A new product.

        Raises:
            ProductError: if the name is empty, too long or taken.
        """
        by = self._access.operator()
        with self._storage.transaction() as transaction:
            return self._add(transaction, ProductDraft(tidy_description(description)), by)

    @free(_A_DRAFT)
    def describe(self, name: str, description: ProductDescription) -> ProductDraft:
        """Change what a product is; its limits go when the prompts change with it.

        Raises:
            ProductError: if a signed product is to get another name, or the name is of no use or taken.
        """
        tidy, by = tidy_description(description), self._access.operator()
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            if tidy.name != draft.description.name:
                refuse_view(draft, transaction.products.owner_of(name))
            if draft.signed_version is not None and tidy.name != draft.description.name:
                raise ProductError(
                    "{name} has signed recipes, which carry its name. Clone it under the new name instead.",
                    name=draft.description.name,
                )
            return self._save(transaction, draft, without_stale_limits(draft, replace(draft, description=tidy)), by)

    @free(_A_DRAFT)
    def set_anomaly_types(self, name: str, types: Sequence[AnomalyType]) -> ProductDraft:
        """Replace the anomaly list; the limits go when the enabled names change.

        Raises:
            RecipeError: if a name is empty, stands twice, is the word for no known type, or is gone while a region
                lists it.
            ProductError: if a name is too long or holds characters that cannot be seen.
        """
        from filo_core.method.zone_rules import with_listed

        tidy, by = tidy_types(types), self._access.operator()
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            with_listed(draft.zones, [entry.name for entry in tidy])
            return self._save(transaction, draft, without_stale_limits(draft, replace(draft, anomaly_types=tidy)), by)

    @asks(Right.SETTINGS)
    def set_type_cost(self, name: str, anomaly_type: str, cost: float | None) -> None:
        """Say what one defect of a type costs, in whatever money; None says no more. No verdict follows from it.

        Raises:
            AccessError: if there are users and nobody is signed in who may do this.
            ProductError: if there is no such product, or the type's name is of no use.
            RecipeError: if the cost is no amount.
        """
        if cost is not None and not 0.0 <= cost <= LARGEST_COST:
            raise RecipeError(
                "A defect costs nothing or more, at most {largest_cost:.0f}, not {cost:g}. Give an amount.",
                largest_cost=LARGEST_COST,
                cost=cost,
            )
        wanted, by = tidy_name(anomaly_type, "anomaly type"), self._access.require(Right.SETTINGS)
        with self._storage.transaction() as transaction:
            product = transaction.products.draft(name).description.name
            before = transaction.costs.of(product).get(wanted)
            transaction.costs.put(transaction.products.product_id(product), wanted, cost)
            changed = {"changed": {f"cost of {wanted}": [before, cost]}}
            self._access.note(transaction, EventKind.DRAFT_CHANGED, by, product, changed)

    def type_costs(self, name: str) -> dict[str, float]:
        """What one defect of each type costs, as far as that was said."""
        with self._storage.reading() as transaction:
            return transaction.costs.of(name)

    @free(_A_DRAFT)
    def set_eyes(self, name: str, eyes: Eyes | None) -> ProductDraft:
        """Choose how the product is looked at, None for the profile's usual way; the limits go when it changes."""
        by = self._access.operator()
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            return self._save(transaction, draft, without_stale_limits(draft, replace(draft, eyes=eyes)), by)

    @free(_A_DRAFT)
    def set_zones(self, name: str, zones: Sequence[Zone]) -> ProductDraft:
        """Replace the drawn regions and ignore masks; the limits go when they change, their anomaly lists apart.

        They stand in place of the one rectangle that recipes had before. A fixture among them is taught, on the good
        image that it was drawn on, from the good images as they are now.

        Raises:
            RecipeError: if one cannot be, or shows what it counts on a picture that is no good image; the sentence says
                which.
            StorageError: if a good image that a fixture is taught on is missing from the image store.
        """
        from filo_core.method.zone_rules import checked_zones, with_listed, with_pictures

        by, before = self._access.operator(), self.draft(name)
        listed = with_listed(checked_zones(zones), [entry.name for entry in before.anomaly_types])
        checked = with_pictures(without_ease(listed), before.references)
        tidy, fixture = self._taught(before, checked)
        relies = fixture is not None or any(zone.count is not None for zone in tidy)
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            if draft.references != before.references and relies:
                raise RecipeError(
                    "The good images of {product} changed while its regions were set. Save again.", product=name
                )
            if (tidy, fixture) == (without_ease(draft.zones), draft.fixture) and draft.region_of_interest is None:
                return draft
            if without_names(tidy) == without_names(without_ease(draft.zones)):
                # Names alone: where the limits lie stays.
                pairs = zip(draft.zones, tidy, strict=True)
                tidy = tuple(replace(old, anomalies=new.anomalies) for old, new in pairs)
            changed = replace(draft, zones=tidy, fixture=fixture, region_of_interest=None)
            return self._save(transaction, draft, without_stale_limits(draft, changed), by)

    def _taught(self, draft: ProductDraft, zones: tuple[Zone, ...]) -> tuple[tuple[Zone, ...], Fixture | None]:
        """The zones with the image that their fixture is of, and the fixture."""
        if fixture_of(zones) is None:
            return zones, None
        from workflows.products.fixtures import taught_fixture

        return taught_fixture(draft, zones, self.references(draft.description.name))

    @free(_A_DRAFT)
    def judge_pictures(self, name: str, *, judges: bool) -> ProductDraft:
        """Withhold the verdict of pictures that are much duller, darker or brighter than the good ones, or of none.

        Limits are taken from the good images as they are now; no score follows from them, so the product's own stay.

        Raises:
            RecipeError: if there is no good image to learn from.
            StorageError: if one is missing from the image store.
        """
        from filo_core.imaging.quality import limits_from, quality_of
        from filo_core.method.sighting import seen_of

        by, found = self._access.operator(), None
        if judges:
            draft = self.draft(name)
            good = [quality_of(seen_of(draft, image.pixels)) for image in self.references(name)]
            if not good:
                raise RecipeError("{name} has no good image yet. Add one, then teach it.", name=draft.description.name)
            found = limits_from(good)
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            return self._save(transaction, draft, replace(draft, picture_limits=found), by)

    @free(_A_DRAFT)
    def add_reference(self, name: str, image: SourceImage) -> ProductDraft:
        """Add a good image; the limits go. Adding the same content again changes nothing.

        Raises:
            StorageError: if the image cannot be stored.
        """
        by = self._access.operator()
        self._storage.artefacts.put_image(image)
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            if any(reference.image_hash == image.image_hash for reference in draft.references):
                return draft
            transaction.known.note(image, taken_at(image))
            added = Reference(image.image_hash, printable_name(image.name))
            changed = replace(draft, references=(*draft.references, added))
            return self._save(transaction, draft, without_stale_limits(draft, changed), by)

    @free(_A_DRAFT)
    def remove_reference(self, name: str, image_hash: str) -> ProductDraft:
        """Take a good image away; the limits go. Its file stays: recipes and inspections may refer to it.

        Raises:
            RecipeError: if a drawn region shows on it what it counts.
        """
        from filo_core.method.zone_rules import require_no_example

        by = self._access.operator()
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            require_no_example(draft.zones, image_hash)
            kept = tuple(reference for reference in draft.references if reference.image_hash != image_hash)
            return self._save(transaction, draft, without_stale_limits(draft, replace(draft, references=kept)), by)

    @free(_A_DRAFT)
    def set_calibration(self, name: str, calibrated: Calibrated, profile: str = "") -> ProductDraft:
        """Take over limits that were found from the good parts, and keep the evidence behind them.

        Args:
            name: of the product.
            calibrated: what was found.
            profile: model profile that found it, which judges from now on; the product's own unless given.

        Raises:
            RecipeError: if references were added or removed while the limits were being found.
        """
        check_limits(calibrated.limits)
        by = self._access.operator()
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            if len(calibrated.scores) != len(draft.references):
                raise RecipeError(
                    "The good images of {name} changed while the limits were being set. Set them again.",
                    name=draft.description.name,
                )
            if without_ease(calibrated.zones) != without_ease(draft.zones):
                raise RecipeError(
                    "The regions of {name} changed while the limits were being set. Set them again.",
                    name=draft.description.name,
                )
            changed = replace(
                draft,
                zones=calibrated.zones,
                limits=calibrated.limits,
                calibration_note=calibrated.sentence,
                model_hash=calibrated.model_hash,
                profile=profile or draft.profile,
                eyes=calibrated.eyes,
            )
            saved = self._save(transaction, draft, changed, by)
            self._keep_calibration(transaction, saved, calibrated, by)
            return saved

    @free(_A_DRAFT)
    def add_view(self, name: str, view: str, *, suffix: str = "", source: str = "") -> ProductDraft:
        """Look at the parts of a product in one picture more, or say anew where the pictures of a view come from.

        A view begins as an empty set-up of its own. The limits of the others go: they share one promise.

        Raises:
            ProductError: if the product has good images of its own, or the view's name or suffix is of no use.
        """
        by, camera = self._access.operator(), refuse_password(source)
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            tidy, end = tidy_view(draft, view, suffix)
            refuse_own_pictures(draft)
            known = next((one for one in draft.views if name_key(one.name) == name_key(tidy)), None)
            if known is not None:
                changed = replace(known, suffix=end or known.suffix, source=camera or known.source)
                transaction.products.make_view(name, changed)
                return transaction.products.draft(name)
            refuse_too_many(draft)
            full = view_product(draft.description.name, tidy)
            own = replace(draft, description=replace(draft.description, name=product_name(full)), views=())
            if transaction.products.was_view_of(full, name):
                # What the views share may have changed while it was away.
                kept = View(tidy, transaction.products.draft(full))
                transaction.products.save(full, shared_with_views(draft, draft, kept))
            else:
                transaction.products.add(replace(own, limits=None, calibration_note="", model_hash=""))
            made = View(tidy, transaction.products.draft(full), end, camera)
            transaction.products.make_view(name, made)
            return self._views_changed(transaction, draft, by)

    @free(_A_DRAFT)
    def take_view(self, name: str, view: str) -> ProductDraft:
        """Look at the parts of a product in one picture less; the limits of the others go.

        Raises:
            ProductError: if there is no such view.
        """
        by = self._access.operator()
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            transaction.products.take_view(find_view(draft, view).draft.description.name, by)
            return self._views_changed(transaction, draft, by)

    def _views_changed(self, transaction: Transaction, before: ProductDraft, by: str) -> ProductDraft:
        """Say that a product has other views now, each of which keeps another share of the promise."""
        after = transaction.products.draft(before.description.name)
        for one in after.views:
            transaction.products.save(one.draft.description.name, uncalibrated(one.draft))
        self._tell(transaction, after, differences(before, after), by)
        return transaction.products.draft(before.description.name)

    def share_of_promise(self, name: str) -> int:
        """How many views share one promise with this product: 1 for one that is no view."""
        with self._storage.reading() as transaction:
            owner = transaction.products.owner_of(name)
            return len(transaction.products.draft(owner).views) if owner else 1

    def good_part_scores(self, name: str) -> tuple[float, ...]:
        """Scores of the good parts that a draft's limits were found with, one a reference.

        Empty where the draft has changed since, or its limits were found elsewhere, as those of an imported product.
        """
        with self._storage.reading() as transaction:
            draft = transaction.products.draft(name)
            kept = transaction.calibrations.newest(transaction.products.product_id(name))
        if kept is None or draft.limits is None:
            return ()
        same = draft.recipe(draft.limits, draft.model_hash).scoring_hash == kept.scoring_hash
        return kept.reference_scores if same else ()

    @free(_A_DRAFT)
    def set_limits(self, name: str, limits: Limits) -> ProductDraft:
        """Move the limits by hand; what the calibration promised stays written beside them.

        Raises:
            RecipeError: if one is no score.
            ProductError: if the product has several views, each with limits of its own.
        """
        check_limits(limits)
        by = self._access.operator()
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            refuse_part(draft)
            return self._save(transaction, draft, replace(draft, limits=limits), by)

    def unsigned_changes(self, name: str) -> tuple[str, ...]:
        """What a signature would put in force: each part that differs from the version in force, as a line.

        Everything, where nothing is in force yet; empty where nothing differs.
        """
        with self._storage.reading() as transaction:
            draft = transaction.products.draft(name)
            if draft.signed_version is None or draft.limits is None:
                return sentences(differences(None, draft))
            in_force = transaction.products.recipe(name).recipe
        return sentences(differences(in_force, draft.recipe(draft.limits, draft.model_hash or in_force.model_hash)))

    def proof(self, name: str) -> Proof:
        """The good parts and the bad ones that were shown, held against the draft's limits; see :func:`draft_proof`."""
        with self._storage.reading() as transaction:
            return draft_proof(transaction, transaction.products.draft(name))

    def signed_proof(self, name: str, version: int | None = None) -> SignedProof:
        """What is known of a recipe version and its bad parts; of the one in force when no version is given.

        Raises:
            ProductError: if there is no such version, or none at all.
        """
        with self._storage.reading() as transaction:
            return proof_of_version(transaction, transaction.products.recipe(name, version))

    def reported_proof(self, name: str) -> str:
        """What a report carries of the version in force; empty without one, and where several products are meant."""
        if not name or self.draft(name).signed_version is None:
            return ""
        return self.signed_proof(name).sentence

    def reported_sessions(self, name: str) -> str:
        """Which sessions break the promise of the version in force; empty where none does, and as above."""
        if not name or self.draft(name).signed_version is None:
            return ""
        guard = self.signed_guard(name)
        return "" if guard is None else " ".join(session_sentence(guard, session) for session in guard.exceeded)

    def guard(self, name: str) -> Guard | None:
        """What good parts of other days say of the promise behind a draft's limits; None where nothing was judged."""
        with self._storage.reading() as transaction:
            draft = transaction.products.draft(name)
            if draft.limits is None:
                return None
            recipe = draft.recipe(draft.limits, draft.model_hash)
            return session_guard(transaction, recipe, [reference.image_hash for reference in draft.references])

    def signed_guard(self, name: str) -> Guard | None:
        """The same of the version in force.

        Raises:
            ProductError: if there is none.
        """
        with self._storage.reading() as transaction:
            recipe = transaction.products.recipe(name).recipe
            return session_guard(transaction, recipe, [reference.image_hash for reference in recipe.references])

    @asks(Right.SIGN_OFF)
    def sign_off(
        self, name: str, signed_by: str, model_hash: str, pin: str = "", reason: str | Callable[[Counts], str] = ""
    ) -> RecipeVersion:
        """Freeze the draft into a recipe version; unchanged content gives the version that has it already.

        Once there are users, whoever is signed in signs, and gives the PIN again; until then ``signed_by`` does. An
        event keeps what was known of the bad parts then, and the reason.

        Args:
            name: of the product.
            signed_by: who signs while there are no users.
            model_hash: of the model in use.
            pin: of who is signed in.
            reason: why it is signed although it misses bad parts or was shown none; a function gets the numbers.

        Raises:
            AccessError: if there are users and nobody is signed in who may do this, or the PIN is wrong.
            ProductError: if it is one of the views of a part, which is signed as a whole.
            RecipeError: if a step is not complete, nobody signs, or the limits were found with another model.
        """
        signature = tidy_name(self._access.require(Right.SIGN_OFF, signed_by, pin), "signature")
        if not signature:
            raise RecipeError("Nobody has signed. Enter who signs this recipe off.")
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            refuse_signing_alone(draft, transaction.products.owner_of(name))
            if draft.views:
                signable_limits(draft, draft.model_hash)
            for view in draft.views:
                self._sign(transaction, view.draft, view.draft.model_hash, signature, reason)
            return self._sign(transaction, draft, draft.model_hash if draft.views else model_hash, signature, reason)

    def _sign(
        self,
        transaction: Transaction,
        draft: ProductDraft,
        model_hash: str,
        signature: str,
        reason: str | Callable[[Counts], str],
    ) -> RecipeVersion:
        name = draft.description.name
        recipe = draft.recipe(signable_limits(draft, model_hash), model_hash)
        counts = draft_proof(transaction, draft).counts
        why = tidy_reason(reason if isinstance(reason, str) else reason(counts), counts)
        transaction.products.save(name, replace(draft, model_hash=model_hash))
        version = transaction.products.sign(name, recipe, signature, datetime.now(UTC))
        detail = proven_detail(version, counts, why)
        self._access.note(transaction, EventKind.RECIPE_PROVEN, signature, recipe.product, detail)
        return version

    @asks(Right.SIGN_OFF)
    def put_taught_in_force(
        self, before: Recipe, after: Recipe, signed_by: str, now: datetime, pin: str = ""
    ) -> RecipeVersion:
        """Sign a recipe that differs from the one in force in taught patches; the draft gets them too.

        It is a signature as in :meth:`sign_off`: who is signed in gives the PIN again.

        Raises:
            RecipeError: if nobody signs, or another recipe came in force meanwhile.
            AccessError: if there are users and nobody is signed in who may sign off, or the PIN is wrong.
        """
        signed_by = tidy_name(self._access.require(Right.SIGN_OFF, signed_by, pin), "signature")
        if not signed_by:
            raise RecipeError("Nobody has signed. Enter who teaches.")
        name = before.product
        with self._storage.transaction() as transaction:
            if transaction.products.recipe(name).recipe.content_hash != before.content_hash:
                raise RecipeError(
                    "Another recipe of {name} came in force meanwhile. Look at it, then try again.", name=name
                )
            draft = transaction.products.draft(name)
            transaction.products.save(name, replace(draft, taught_patches=after.taught_patches))
            version = transaction.products.sign(name, after, signed_by, now)
            self._sign_part_of(transaction, version, signed_by, now)
            return version

    @staticmethod
    def _sign_part_of(transaction: Transaction, version: RecipeVersion, signed_by: str, now: datetime) -> None:
        """A view that came in force by itself comes in force in its part too, as it judges there alone."""
        view = version.recipe.product
        owner = transaction.products.owner_of(view)
        if not owner or transaction.products.draft(owner).signed_version is None:
            return
        before = transaction.products.recipe(owner).recipe
        views = tuple(
            replace(one, recipe_hash=version.recipe.content_hash)
            if name_key(view_product(owner, one.name)) == name_key(view)
            else one
            for one in before.views
        )
        transaction.products.sign(owner, replace(before, views=views), signed_by, now)

    def require_sign_off(self, signed_by: str = "") -> None:
        """Refuse whom a signature would be refused later.

        Raises:
            AccessError: if there are users and nobody is signed in who may sign off.
        """
        self._access.require(Right.SIGN_OFF, signed_by)

    def require_whole(self, name: str) -> None:
        """Refuse to sign one view of a part, before anything is spent on it.

        Raises:
            ProductError: as :meth:`sign_off`.
        """
        with self._storage.reading() as transaction:
            refuse_signing_alone(transaction.products.draft(name), transaction.products.owner_of(name))

    @asks(Right.SIGN_OFF)
    def put_map_in_force(
        self, before: Recipe, after: Recipe, calibrated: Calibrated | None, signed_by: str, pin: str = ""
    ) -> RecipeVersion:
        """Sign a recipe that differs from the one in force in its learnt map and limits; the draft gets them too.

        It is a signature as in :meth:`sign_off`: who is signed in gives the PIN again.

        Args:
            before: what is in force.
            after: what comes in force.
            calibrated: how the limits were found; None where a former recipe comes back with its own.
            signed_by: who signs while there are no users.
            pin: of who is signed in.

        Raises:
            RecipeError: if nobody signs, another recipe came in force meanwhile, or the draft has unsigned changes.
            AccessError: if there are users and nobody is signed in who may sign off, or the PIN is wrong.
        """
        signed_by = tidy_name(self._access.require(Right.SIGN_OFF, signed_by, pin), "signature")
        if not signed_by:
            raise RecipeError("Nobody has signed. Enter who lets the product learn.")
        name = before.product
        with self._storage.transaction() as transaction:
            if transaction.products.recipe(name).recipe.content_hash != before.content_hash:
                raise RecipeError(
                    "Another recipe of {name} came in force meanwhile. Look at it, then try again.", name=name
                )
            draft = transaction.products.draft(name)
            if draft.changed_since_signing:
                raise RecipeError(unsigned_sentence(name))
            if calibrated is None:
                said = transaction.calibrations.sentence(transaction.products.product_id(name), after.scoring_hash)
            else:
                said = calibrated.sentence
            changed = replace(draft, learned_map=after.learned_map, zones=after.zones, limits=after.limits)
            changed = replace(changed, calibration_note=said, model_hash=after.model_hash)
            saved = self._save(transaction, draft, changed, signed_by)
            if calibrated is not None:
                self._keep_calibration(transaction, saved, calibrated, signed_by)
            now = datetime.now(UTC)
            version = transaction.products.sign(name, after, signed_by, now)
            self._sign_part_of(transaction, version, signed_by, now)
            if calibrated is not None:
                # A former recipe keeps what was known of it when it was signed.
                counts = draft_proof(transaction, saved).counts
                why = tidy_reason(_WHY_LEARNT if after.learned_map else _WHY_FORGOT, counts)
                detail = proven_detail(version, counts, why)
                self._access.note(transaction, EventKind.RECIPE_PROVEN, signed_by, name, detail)
            return version

    def versions(self, name: str) -> tuple[RecipeVersion, ...]:
        """Every signed recipe of a product, oldest first.

        Raises:
            ProductError: if there is no such product.
            StorageError: if one was altered.
        """
        with self._storage.reading() as transaction:
            return tuple(version for _, version in transaction.products.recipes(name))

    def recipe(self, name: str, version: int | None = None) -> RecipeVersion:
        """A signed recipe, checked against its hash; the one in force when no version is given.

        Raises:
            ProductError: if there is no such version, or none at all.
            StorageError: if the recipe was altered outside this program.
        """
        with self._storage.reading() as transaction:
            return transaction.products.recipe(name, version)

    def references(self, name_or_recipe: str | Recipe) -> tuple[SourceImage, ...]:
        """The good images of a product's draft, or all that a recipe's memory bank is made from.

        The latter are its good images, then those it was taught from, each once.

        Raises:
            StorageError: if one is missing from the image store or was altered; the message names the file.
        """
        if isinstance(name_or_recipe, Recipe):
            wanted = name_or_recipe.bank_images
        else:
            wanted = self.draft(name_or_recipe).references
        get_bytes = self._storage.artefacts.get_bytes
        return tuple(decode_image(get_bytes(reference.image_hash), reference.name) for reference in wanted)

    @free(_A_DRAFT)
    def clone(self, name: str, new_name: str) -> ProductDraft:
        """A new product with everything of another one but its signature.

        Raises:
            ProductError: if the new name is empty, too long or taken.
        """
        by = self._access.operator()
        with self._storage.transaction() as transaction:
            draft = transaction.products.draft(name)
            return self._add(transaction, renamed(draft, new_name), by)

    @asks(Right.DELETE)
    def delete(self, name: str) -> None:
        """Remove a product and its recipes.

        Raises:
            AccessError: if the product or a view of it was signed off, and nobody is signed in who may do this.
            ProductError: if images were inspected under it: a verdict outlives everything.
        """
        draft = self.draft(name)
        signed = any(one.signed_version is not None for one in (draft, *(view.draft for view in draft.views)))
        by = self._access.require(Right.DELETE) if signed else self._access.operator()
        with self._storage.transaction() as transaction:
            refuse_view(draft, transaction.products.owner_of(name))
            transaction.products.remove(name, by)
            self._tell(transaction, draft, {"product": ("there", "removed")}, by)

    @free(_A_DRAFT)
    def bring_back(self, draft: ProductDraft) -> ProductDraft:
        """Undo a deletion: the draft with its images and limits, which waits for a new sign-off.

        Args:
            draft: as it stood before it was deleted.

        Raises:
            ProductError: if there is another product of its name by now.
        """
        by = self._access.operator()
        self._refuse_taken(draft.description.name)
        with self._storage.transaction() as transaction:
            return self._add(transaction, replace(draft, signed_version=None, changed_since_signing=True), by)

    @asks(Right.EXPORT)
    def export(self, name: str, path: Path) -> None:
        """Write a product's draft, its good images and what its names were learnt from to one file.

        A file that is there is replaced as a whole.

        Raises:
            AccessError: if there are users and nobody is signed in who may do this.
            FolderError: if the file cannot be written.
            StorageError: if a good image is missing from the image store.
        """
        draft = self.draft(name)
        self._access.tell(Right.EXPORT, EventKind.EXPORTED, draft.description.name, {"as": "product", "to": path.name})
        get_bytes = self._storage.artefacts.get_bytes
        images = ((entry, get_bytes(entry.image_hash)) for entry in images_of(draft))
        write_product(path, draft, images, named_regions(self._storage, draft.description.name))

    @asks(Right.IMPORT)
    def import_product(self, path: Path, new_name: str = "") -> ProductDraft:
        """A product from a file, under another name if one is given; it waits for its calibration and sign-off here.

        Nothing is stored before everything in the file was checked. Limits, and what they are said to promise, count
        for nothing until they were found here.

        Raises:
            AccessError: if there are users and nobody is signed in who may do this.
            ProductError: if the file is not intact or not one of ours, or the name is taken.
        """
        by = self._access.require(Right.IMPORT)
        with ProductFile(path) as file:
            wanted = renamed(tidy_draft(uncalibrated(file.draft)), new_name or file.draft.description.name)
            self._refuse_taken(wanted.description.name)
            examples = carried(file.examples)
            for image in file.images():
                self._storage.artefacts.put_image(image)
                with self._storage.transaction() as transaction:
                    # The file says nothing of when its pictures were taken.
                    transaction.known.note(image, None)
        with self._storage.transaction() as transaction:
            added = self._add(transaction, wanted, by)
            transaction.examples.carry(transaction.products.product_id(added.description.name), examples)
            self._access.note(transaction, EventKind.PRODUCT_IMPORTED, by, added.description.name, {"from": path.name})
            return added

    def _add(self, transaction: Transaction, draft: ProductDraft, by: str) -> ProductDraft:
        names = [other.description.name for other in transaction.products.drafts()]
        refuse_look_alike(draft.description.name, names)
        added = transaction.products.add(replace(draft, views=()))
        for view in draft.views:
            own = transaction.products.add(shared_with_views(draft, draft, view))
            transaction.products.make_view(draft.description.name, replace(view, draft=own))
        added = transaction.products.draft(draft.description.name) if draft.views else added
        self._tell(transaction, added, differences(None, added), by)
        return added

    def _save(self, transaction: Transaction, before: ProductDraft, after: ProductDraft, by: str) -> ProductDraft:
        """Keep a changed draft, with an event that says who changed what."""
        renamed_to = after.description.name
        if renamed_to != before.description.name:
            others = [other.description.name for other in transaction.products.drafts()]
            refuse_look_alike(renamed_to, [name for name in others if name != before.description.name])
        refuse_setup_of_part(after)
        for view in before.views:
            own = shared_with_views(before, after, view)
            transaction.products.save(view.draft.description.name, without_stale_limits(view.draft, own))
        saved = transaction.products.save(before.description.name, after)
        self._tell(transaction, saved, differences(before, saved), by)
        return saved

    def _keep_calibration(self, transaction: Transaction, draft: ProductDraft, calibrated: Calibrated, by: str) -> None:
        """Keep the evidence behind the limits of a draft that has them."""
        transaction.calibrations.add(
            transaction.products.product_id(draft.description.name),
            draft.recipe(calibrated.limits, calibrated.model_hash).scoring_hash,
            calibrated.scores,
            calibrated.confirmed_scores,
            calibrated.limits,
            calibrated.sentence,
            datetime.now(UTC),
        )
        if calibrated.proof is not None:
            detail = judged_detail(draft, calibrated)
            self._access.note(transaction, EventKind.PARTS_JUDGED, by, draft.description.name, detail)

    def _tell(self, transaction: Transaction, draft: ProductDraft, found: Mapping[str, Difference], by: str) -> None:
        if found:
            self._access.note(transaction, EventKind.DRAFT_CHANGED, by, draft.description.name, {"changed": found})

    def _refuse_taken(self, name: str) -> None:
        with self._storage.reading() as transaction:
            if transaction.products.exists(name):
                raise ProductError("There is a product {name} already. Import it under another name.", name=name)

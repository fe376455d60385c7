"""The product being set up, shared by the five pages. Its draft lives in the database, so nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from filo_core.calibration.guard import Guard
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FiloError
from filo_core.proof import Proof, SignedProof
from filo_core.types import AnomalyType, Eyes, Limits, ProductDescription, ProductDraft, RecipeVersion, View, WizardStep
from gui.background import asked
from gui.state import AppState
from gui.translation import in_language


class DraftSession(QObject):
    """Every change is written to the database before it is shown; what cannot be written is said and not shown."""

    changed = Signal()
    """:attr:`draft` is another one."""
    limits_lost = Signal()
    """An edit took the limits away that were found before it."""
    failed = Signal(object)
    """A :class:`FiloError`: what was meant to be written was not."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self._draft: ProductDraft | None = None
        self._part: ProductDraft | None = None
        self._view = ""

    @property
    def part_name(self) -> str:
        """Name of what is signed and inspected: the part's, where a view of it is in hand."""
        return self._part.description.name if self._part is not None else self.name

    @property
    def views(self) -> tuple[View, ...]:
        """Of the part in hand; none where it is looked at in one picture."""
        return self._part.views if self._part is not None else ()

    @property
    def view(self) -> str:
        """Name of the view that is set up on the pages that are each view's own."""
        return self._view

    @property
    def may_have_views(self) -> bool:
        """Whether a view may be added: nothing was set up for one picture yet."""
        draft = self._part or self._draft
        return draft is not None and not (draft.references or draft.zones or (draft.signed_version and not draft.views))

    def take_up(self, step: WizardStep) -> None:
        """Have the part in hand, or the view where the step is a view's own."""
        if self._part is None:
            return
        own = step not in {WizardStep.DESCRIBE, WizardStep.ANOMALIES}
        names = {view.name: view.draft.description.name for view in self.views}
        wanted = names[self._view] if own else self._part.description.name
        if wanted != self.name:
            self._load(wanted)

    def choose_view(self, view: str) -> None:
        """Set up another view from here on."""
        self._view = view
        self.take_up(WizardStep.REFERENCES)

    def put_view(self, view: str, suffix: str, source: str) -> bool:
        """Add a view, or say anew where the pictures of one that is there come from."""
        part = self._part or self._draft
        assert part is not None, "a product without a name has no views"
        return self._views_written(
            lambda: self.state.workbench.catalogue.add_view(part.description.name, view, suffix=suffix, source=source),
            view,
        )

    def take_view(self, view: str) -> bool:
        """Look at parts without this view."""
        part = self._part
        assert part is not None, "there is a view to take away"
        return self._views_written(lambda: self.state.workbench.catalogue.take_view(part.description.name, view), "")

    def _views_written(self, write: Callable[[], ProductDraft], chosen: str) -> bool:
        try:
            part = asked(write)
        except FiloError as error:
            self.failed.emit(error)
            return False
        key = chosen.strip().casefold()
        self._view = next((view.name for view in part.views if view.name.casefold() == key), "")
        return self._load(part.description.name, announce=True)

    @property
    def draft(self) -> ProductDraft | None:
        """The set-up as the database has it; None while the product has no name."""
        return self._draft

    @property
    def name(self) -> str:
        """The product's name, empty while it has none."""
        return self._draft.description.name if self._draft else ""

    def missing(self, step: WizardStep) -> str:
        """What a step still lacks, as a sentence; a list of what can go wrong where the profile reads one."""
        draft = self.judged_draft
        if draft is None:
            return ""
        if step is WizardStep.REFERENCES and self.state.starts_without_pictures:
            return ""
        return in_language(draft.missing(step))

    @property
    def judged_draft(self) -> ProductDraft | None:
        """The draft with the profile that would judge it, which may need more of it than the one it names."""
        if self._draft is None or not self.state.asks_for_list:
            return self._draft
        return replace(self._draft, profile=self.state.profile)

    def start_new(self) -> None:
        """Begin with nothing; the product comes to be when it is described."""
        self._draft, self._part, self._view = None, None, ""
        self.changed.emit()

    def open(self, name: str) -> bool:
        """Take up the product called ``name``."""
        self._part, self._view = None, ""
        return self._load(name)

    def describe(self, description: ProductDescription) -> bool:
        """Create the product, or change what it is."""
        catalogue = self.state.workbench.catalogue
        if self._draft is not None and self._draft.description == description:
            return True
        is_new, name = self._draft is None, self.name
        # Whoever wants other words finds the list under "More".
        suggests = self.state.names_types and not self.state.asks_for_list

        def write() -> None:
            if not is_new:
                catalogue.describe(name, description)
                return
            catalogue.create(description)
            if suggests:
                catalogue.set_anomaly_types(description.name, AnomalyLibrary.load().suggest(description))

        try:
            asked(write)
        except FiloError as error:
            self.failed.emit(error)
            return False
        return self._load(description.name, announce=True)

    def set_anomaly_types(self, types: tuple[AnomalyType, ...]) -> bool:
        """Write the anomaly list."""
        try:
            asked(lambda: self.state.workbench.catalogue.set_anomaly_types(self.name, types))
        except FiloError as error:
            self.failed.emit(error)
            return False
        return self._load(self.name, announce=True)

    def type_costs(self) -> dict[str, float]:
        """What one defect of each type costs, as far as that was said."""
        if self._draft is None:
            return {}
        try:
            return asked(lambda: self.state.workbench.catalogue.type_costs(self.name))
        except FiloError as error:
            self.failed.emit(error)
            return {}

    def set_type_cost(self, anomaly_type: str, cost: float | None) -> bool:
        """Say what one defect of a type costs; no verdict follows from it, and the draft stays as it is."""
        try:
            asked(lambda: self.state.workbench.catalogue.set_type_cost(self.name, anomaly_type, cost))
        except FiloError as error:
            self.failed.emit(error)
            return False
        self.state.products_changed.emit()
        return True

    def set_limits(self, limits: Limits) -> bool:
        """Write limits that a person chose."""
        try:
            asked(lambda: self.state.workbench.catalogue.set_limits(self.name, limits))
        except FiloError as error:
            self.failed.emit(error)
            return False
        return self._load(self.name, announce=True)

    def set_eyes(self, eyes: Eyes) -> bool:
        """Write how the product is looked at; its limits go with a change."""
        try:
            asked(lambda: self.state.workbench.catalogue.set_eyes(self.name, eyes))
        except FiloError as error:
            self.failed.emit(error)
            return False
        return self._load(self.name, announce=True)

    def sign_off(self, signed_by: str, pin: str = "", reason: str = "") -> bool:
        """Freeze the draft into a recipe version; the PIN is that of whoever is signed in, once there are users.

        ``reason`` says why, where bad parts are missed or none was shown.
        """
        draft = self._draft
        assert draft is not None, "a product without a name has no sign-off page"
        try:
            # All views are signed with their part.
            catalogue, name = self.state.workbench.catalogue, self.part_name
            asked(lambda: catalogue.sign_off(name, signed_by, draft.model_hash, pin, reason))
        except FiloError as error:
            self.failed.emit(error)
            return False
        return self._load(self.name, announce=True)

    def signed(self) -> RecipeVersion | None:
        """The recipe version in force; None before the first sign-off, and when it cannot be read."""
        if self._draft is None or self._draft.signed_version is None:
            return None
        try:
            return asked(lambda: self.state.workbench.catalogue.recipe(self.name))
        except FiloError as error:
            self.failed.emit(error)
            return None

    def proof(self) -> Proof | None:
        """The known parts held against the draft's limits; None while the product has no name."""
        if self._draft is None:
            return None
        try:
            return asked(lambda: self.state.workbench.catalogue.proof(self.name))
        except FiloError as error:
            self.failed.emit(error)
            return None

    def guard(self) -> Guard | None:
        """The promise and what good parts of other days say of it; None while nothing was judged."""
        if self._draft is None:
            return None
        try:
            return asked(lambda: self.state.workbench.catalogue.guard(self.name))
        except FiloError as error:
            self.failed.emit(error)
            return None

    def signed_proof(self) -> SignedProof | None:
        """What is known of the version in force; None before the first sign-off."""
        if self._draft is None or self._draft.signed_version is None:
            return None
        try:
            return asked(lambda: self.state.workbench.catalogue.signed_proof(self.name))
        except FiloError as error:
            self.failed.emit(error)
            return None

    def unsigned_changes(self) -> tuple[str, ...]:
        """What a signature would change of the version in force, a line a part; empty before the first sign-off."""
        if self._draft is None or self._draft.signed_version is None:
            return ()
        try:
            return asked(lambda: self.state.workbench.catalogue.unsigned_changes(self.name))
        except FiloError as error:
            self.failed.emit(error)
            return ()

    def refresh(self) -> None:
        """Read the draft again after something else has written to it, such as the calibration."""
        if self.name:
            self._load(self.name, announce=True)

    def _load(self, name: str, *, announce: bool = False) -> bool:
        before = self._draft
        try:
            self._draft = asked(lambda: self.state.workbench.catalogue.draft(name))
            self._keep_part(self._draft)
        except FiloError as error:
            self.failed.emit(error)
            return False
        self.changed.emit()
        if announce:
            self.state.products_changed.emit()
            if before is not None and before.limits is not None and self._draft.limits is None:
                self.limits_lost.emit()
        return True

    def _keep_part(self, draft: ProductDraft) -> None:
        """Know the part of what is in hand, as it is now."""
        if draft.views:
            self._part = draft
        elif self._part is not None and draft.description.name in {v.draft.description.name for v in self.views}:
            part = self._part.description.name
            self._part = asked(lambda: self.state.workbench.catalogue.draft(part))
        else:
            self._part = None
        names = [view.name for view in self.views]
        self._view = self._view if self._view in names else next(iter(names), "")

"""A first anomaly list for a product: the language model's where one answers, else the built-in library's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.descriptions.language_model import LanguageModelSettings, never, suggest_anomalies
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import LanguageModelError
from filo_core.sentence import Joined, Sentence
from filo_core.types import AnomalyType, Provenance

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.types import ProductDescription


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Anomaly types for a person to edit and sign off.

    ``source`` is LANGUAGE_MODEL or LIBRARY. ``note`` says in plain text who wrote the list and, where the language
    model was asked in vain, why; it is never empty.
    """

    types: tuple[AnomalyType, ...]
    source: Provenance
    note: str


def suggest(
    description: ProductDescription,
    settings: LanguageModelSettings | None,
    cancelled: Callable[[], bool] = never,
    library: AnomalyLibrary | None = None,
) -> Suggestion:
    """Anomaly types for a product; whatever the language model does, there is a list.

    Blocks until the model has answered, so it is called off the window's thread.

    Args:
        description: the product; class name, kind and domain are read.
        settings: None or without an address where no language model is set up; then none is asked.
        cancelled: True stops waiting for the language model and takes the library.
        library: already loaded, or None for the one that ships with the program.

    Raises:
        FiloError: if the shipped library is missing or damaged.
    """
    problem = ""
    if settings is not None and settings.base_url.strip():
        try:
            types = suggest_anomalies(description, settings, cancelled)
        except LanguageModelError as error:
            problem = Sentence("{error} ", error=error)
        else:
            note = Sentence(
                "Written by the language model {model}. Check every entry before you sign off.",
                model=settings.model.strip(),
            )
            return Suggestion(types, Provenance.LANGUAGE_MODEL, note)
    library = library or AnomalyLibrary.load()
    families = Joined((family.title for family in library.families_for(description)), Sentence(" and "))
    note = Sentence(
        "{problem}This list comes from the built-in library: {families}.", problem=problem, families=families
    )
    return Suggestion(library.suggest(description), Provenance.LIBRARY, note)

"""The language model that the settings name, for the window and the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.descriptions.language_model import LanguageModelSettings

if TYPE_CHECKING:
    from workflows.settings.settings import Settings


def language_model_of(settings: Settings) -> LanguageModelSettings | None:
    """The language model that the settings name; None where they name none."""
    if not settings.llm_base_url or not settings.llm_model:
        return None
    return LanguageModelSettings(
        base_url=settings.llm_base_url,
        model=settings.llm_model,
        api_key=settings.llm_api_key,
        timeout_s=settings.llm_timeout_s,
    )

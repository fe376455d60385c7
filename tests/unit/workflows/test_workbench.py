"""What one start of the program works with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from filo_core.line.queue import Job, Priority
from workflows.settings.settings import Settings
from workflows.workbench import open_workbench


class Model:
    """Stands in for an engine."""

    def __init__(self, device: str) -> None:
        self.device = device


def test_the_model_is_what_the_caller_loads_now_and_after_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILO_HOME", str(tmp_path))

    def load(profile: str, device: str, models: Path) -> Any:
        return Model(f"{profile} on {device}, {models.name}")

    workbench = open_workbench(Settings(device="cpu", supervised=False), load_engine=load)
    try:
        seen: list[str] = []

        def look(engine: Any) -> Any:
            seen.append(engine.device)
            return iter(())

        workbench.worker.submit(Job("look", Priority.INTERACTIVE, look)).wait(20)
        workbench.change_model(Settings(device="cuda", supervised=False))
        workbench.worker.submit(Job("look again", Priority.INTERACTIVE, look)).wait(20)
        assert seen == ["compact on cpu, models", "compact on cuda, models"]
    finally:
        workbench.close()

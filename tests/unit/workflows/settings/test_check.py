from __future__ import annotations

from pathlib import Path

from filo_core.profiles.folders import profile_folders
from workflows.settings.check import installed_profiles, problems_of


def test_an_installed_profile_can_be_chosen_and_hides_no_shipped_one(tmp_path: Path) -> None:
    shipped = profile_folders()
    for name in ("compact", "mine"):
        (tmp_path / name).mkdir()
        manifest = (shipped["compact"] / "manifest.json").read_text(encoding="utf-8")
        (tmp_path / name / "manifest.json").write_text(
            manifest.replace('"name": "compact"', f'"name": "{name}"'), encoding="utf-8"
        )
    assert profile_folders(tmp_path) == shipped | {"mine": tmp_path / "mine"}
    assert "mine" in [profile.name for profile in installed_profiles(tmp_path)]
    chosen = {
        "profile": "mine", "device": "auto", "station": "", "llm_base_url": "", "llm_model": "",
        "source_kind": "camera", "source_value": "", "font_scale": 1.0, "theme": "system", "language": "",
        "llm_timeout_s": 60.0, "plant_database": "",
    }  # fmt: skip
    assert "profile" in problems_of(chosen)
    assert problems_of(chosen, tmp_path) == {}

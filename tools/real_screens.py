"""Pictures of the window with photographs of real parts: ``python -m tools.real_screens CATEGORY OUT``.

The category is a folder in MVTec AD's layout whose licence lets its pictures be shown: those in ``docs/screens`` are of
hazelnut_toy (CC BY 4.0), and credited in ``CREDITS.md`` there. It is set up from eight good parts and two bad ones; its
test folder is inspected, reviewed, and played as a camera.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.screenshots import ROOT, Journey, with_display

NAME, NOUN, BAD = "Hazelnut", "hazelnut", "colour"
_GOOD_PARTS, _BAD_PARTS = 8, 2
_QUALITY = 88


class RealJourney(Journey):
    """The journey of a category of photographs."""

    product, sought = NAME, BAD

    def picture(self, name: str) -> None:
        """As JPEG: photographs take several times as much as PNG."""
        from PIL import Image

        super().picture(f"real-{name}")
        taken = self.out / f"real-{name}{self.suffix}.png"
        with Image.open(taken) as image:
            image.convert("RGB").save(taken.with_suffix(".jpg"), quality=_QUALITY, optimize=True)
        taken.unlink()


def set_up(category: Path, home: Path, space: Path) -> None:
    """A signed product in ``home``, by the command line: the wizard's pictures are those of the rendered product.

    Args:
        category: with ``train/good`` and ``test/colour``.
        home: of the data.
        space: an empty folder.
    """
    good, bad = space / "good", space / "bad"
    for folder, source, most in ((good, "train/good", _GOOD_PARTS), (bad, f"test/{BAD}", _BAD_PARTS)):
        folder.mkdir()
        for path in sorted((category / source).iterdir())[:most]:
            (folder / path.name).symlink_to(path.resolve())
    told = ("product", "create", NAME, "--class-name", NOUN, "--references", good)
    for arguments in (told, ("product", "prove", NAME, "--bad", bad, "--sign-off", "--reason", "for its picture")):
        command = [sys.executable, str(ROOT / "main.py"), *map(str, arguments)]
        subprocess.run(command, env=os.environ | {"FILO_HOME": str(home)}, check=True, stdout=subprocess.DEVNULL)


def take(category: Path, out: Path) -> None:
    """The pictures, light and dark as ``FILO_THEME`` says."""
    from gui.qt_environment import prepare_qt_environment

    prepare_qt_environment()
    from PySide6.QtWidgets import QApplication

    from gui.appearance import Appearance
    from gui.application import Session
    from workflows.settings.settings import Settings

    app = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory(prefix="parts-") as parts:
        shown = Path(parts) / NOUN
        # Since the pictures show where it lies.
        shown.symlink_to((category / "test").resolve())
        space = Path(parts) / "space"
        space.mkdir()
        set_up(category, Path(home), space)
        settings = Settings(home=Path(home), operator="operator", language="en")
        Appearance(app, settings)
        session = Session(app, settings)
        journey = RealJourney(session, out, "")
        try:
            journey.open()
            journey.folder(shown)
            journey.live(shown)
            journey.review()
        finally:
            session.close()
        (out / "real-products-empty.jpg").unlink()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.real_screens", description=__doc__)
    parser.add_argument("category", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    if not os.environ.get("DISPLAY"):
        return with_display([sys.executable, "-m", "tools.real_screens", *sys.argv[1:]])
    arguments.out.mkdir(parents=True, exist_ok=True)
    take(arguments.category, arguments.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

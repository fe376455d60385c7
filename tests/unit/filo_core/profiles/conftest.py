"""Published files of the right names with tiny networks in them, and the shipped template made to fit."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import open_clip
import pytest
from safetensors.torch import save_file

from filo_core.profiles.published import GROUNDING, VOCABULARY
from filo_core.profiles.published import OPEN_CLIP as CLIP
from filo_core.profiles.seeded import fill_seeded
from filo_core.profiles.sums import SUMS
from filo_core.resources import resource_path
from tests.unit.filo_core.profiles.published_making import GROUNDING_PART, TEXT, VISION, write_grounding


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped manifest with small networks in it."""
    folder = tmp_path_factory.mktemp("template")
    manifest = json.loads((resource_path("profiles", "full") / "manifest.json").read_text())
    manifest["stages"] = [1, 3]
    manifest["heads"] |= {"value_stages": [3], "first_value_block": 2, "context_vectors": 3}
    manifest["grounding"] |= GROUNDING_PART
    (folder / "manifest.json").write_text(json.dumps(manifest))
    architecture = {"embed_dim": 16, "quick_gelu": True, "vision_cfg": VISION, "text_cfg": TEXT}
    (folder / "architecture.json").write_text(json.dumps(architecture))
    return folder


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CLIP for smaller pictures than the profile's, Grounding DINO as it is published, a vocabulary, and the sums."""
    folder = tmp_path_factory.mktemp("published")
    clip = open_clip.CLIP(embed_dim=16, quick_gelu=True, vision_cfg=VISION | {"image_size": 32}, text_cfg=TEXT)
    fill_seeded(clip, 1)
    save_file({name: value.half().contiguous() for name, value in clip.state_dict().items()}, folder / CLIP)
    write_grounding(folder)
    sums = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}" for n in (CLIP, GROUNDING, VOCABULARY)]
    (folder / SUMS).write_text("\n".join(sums) + "\n")
    return folder


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def server(published: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(published))) as serving:
        thread = Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()

"""``models install full`` against servers that cut, lie, answer 404 and are slow."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
from filelock import FileLock

from filo_core.errors import ProfileError
from filo_core.profiles import fetching
from filo_core.profiles.builder import load_profile
from filo_core.profiles.downloads import check_room, download_published, kept_downloads
from filo_core.profiles.fetching import DownloadStoppedError
from filo_core.profiles.getting import get_full
from filo_core.profiles.manifest import read_manifest
from filo_core.profiles.published import (
    GROUNDING,
    OPEN_CLIP,
    OPENAI_CLIP,
    PUBLISHED,
    VOCABULARY,
    PublishedFile,
    WantedWeights,
    announced,
    bytes_shown,
)

_PIECE = 1 << 14


class Request(NamedTuple):
    path: str
    range: str


class Moody(BaseHTTPRequestHandler):
    """Serves a folder in the way that the first part of the path says."""

    folder: Path
    asked: list[Request]
    cuts: Counter[str]

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""

    def do_GET(self) -> None:
        _, mood, name = self.path.split("/")
        self.asked.append(Request(self.path, self.headers.get("Range", "")))
        content = (self.folder / name).read_bytes()
        begins = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        match mood:
            case "gone":
                self.send_error(404)
            case "busy" if not self.cuts[name]:
                self.cuts[name] += 1
                self.send_error(503)
            case "lying":
                self._send(bytes(len(content)), 0, len(content))
            case "short":
                self._send(content[: len(content) // 2], 0, len(content) // 2)
            case "deaf":
                self._send(content, 0, len(content))
            case "cutting" if not self.cuts[name]:
                self.cuts[name] += 1
                self._send(content[: len(content) // 2], 0, len(content))
            case "cutting-always":
                self._send(content[:10], 0, len(content))
            case "slow":
                self._send(content[begins:], begins, len(content), pause_s=0.01)
            case _:
                self._send(content[begins:], begins, len(content))

    def _send(self, content: bytes, begins: int, total: int, pause_s: float = 0.0) -> None:
        self.send_response(206 if begins else 200)
        if begins:
            self.send_header("Content-Range", f"bytes {begins}-{total - 1}/{total}")
        self.send_header("Content-Length", str(total - begins))
        self.end_headers()
        for start in range(0, len(content), _PIECE):
            self.wfile.write(content[start : start + _PIECE])
            time.sleep(pause_s)


class Server(NamedTuple):
    address: str
    asked: list[Request]

    def wanted(self, published: Path, name: str, *moods: str) -> WantedWeights:
        return WantedWeights(name, "MIT", (self.file(published, name, *moods),))

    def file(self, published: Path, name: str, *moods: str) -> PublishedFile:
        content = (published / name).read_bytes()
        addresses = tuple(f"{self.address}/{mood}/{name}" for mood in moods)
        return PublishedFile(name, hashlib.sha256(content).hexdigest(), len(content), addresses)


@pytest.fixture
def moody(published: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(fetching, "PAUSES_S", (0.0, 0.0))
    asked: list[Request] = []
    handler = type("Handler", (Moody,), {"folder": published, "asked": asked, "cuts": Counter[str]()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = Thread(target=serving.serve_forever)
        thread.start()
        yield Server(f"http://127.0.0.1:{serving.server_port}", asked)
        serving.shutdown()
        thread.join()


def quiet(*_: object) -> None:
    """Shows no progress."""


def test_full_is_installed_over_servers_that_cut_lie_answer_404_first_and_are_slow(
    moody: Server, published: Path, template: Path, tmp_path: Path
) -> None:
    gone = PublishedFile(OPENAI_CLIP, "0" * 64, 10, (f"{moody.address}/gone/{OPEN_CLIP}",))
    wanted = (
        WantedWeights("CLIP", "MIT", (gone, moody.file(published, OPEN_CLIP, "gone", "cutting"))),
        moody.wanted(published, GROUNDING, "lying", "slow"),
        moody.wanted(published, VOCABULARY, "short", "busy"),
    )
    seen: dict[str, int] = {}
    folder = get_full(
        tmp_path, lambda name, done, _: seen.update({name: done}), wanted=wanted, template=template, pinned={}
    )
    assert read_manifest(folder).trained
    assert load_profile(folder, "cpu").heads is not None
    assert seen[GROUNDING] == (published / GROUNDING).stat().st_size
    half = (published / OPEN_CLIP).stat().st_size // 2
    assert Request(f"/cutting/{OPEN_CLIP}", f"bytes={half}-") in moody.asked
    # Nothing is kept of it once it is installed.
    assert not (tmp_path / ".downloads" / "full").exists()


def test_what_has_come_is_kept_when_the_rest_does_not_and_is_not_fetched_again(
    moody: Server, published: Path, template: Path, tmp_path: Path
) -> None:
    clip = moody.wanted(published, OPEN_CLIP, "well")
    missing = moody.wanted(published, GROUNDING, "gone", "lying")
    with pytest.raises(ProfileError, match=r"answered 404.*another file than was published.*use --from"):
        get_full(tmp_path, quiet, wanted=(clip, missing), template=template, pinned={})
    rest = (moody.wanted(published, GROUNDING, "well"), moody.wanted(published, VOCABULARY, "well"))
    get_full(tmp_path, quiet, wanted=(clip, *rest), template=template, pinned={})
    assert [request.path for request in moody.asked].count(f"/well/{OPEN_CLIP}") == 1


def test_an_address_that_brings_nothing_three_times_is_left(moody: Server, published: Path, tmp_path: Path) -> None:
    wanted = moody.wanted(published, VOCABULARY, "cutting-always", "well")
    download_published(tmp_path, quiet, [wanted])
    assert [request.path.split("/")[1] for request in moody.asked].count("cutting-always") == fetching.TRIES
    assert (tmp_path / VOCABULARY).read_bytes() == (published / VOCABULARY).read_bytes()


def test_a_server_that_knows_no_ranges_begins_anew(moody: Server, published: Path, tmp_path: Path) -> None:
    (tmp_path / f"{OPEN_CLIP}.part").write_bytes((published / OPEN_CLIP).read_bytes()[:1000])
    download_published(tmp_path, quiet, [moody.wanted(published, OPEN_CLIP, "deaf")])
    assert (tmp_path / OPEN_CLIP).read_bytes() == (published / OPEN_CLIP).read_bytes()


def test_a_part_that_another_address_got_wrong_costs_no_good_address(
    moody: Server, published: Path, tmp_path: Path
) -> None:
    (tmp_path / f"{OPEN_CLIP}.part").write_bytes(b"\0" * 1000)
    download_published(tmp_path, quiet, [moody.wanted(published, OPEN_CLIP, "well")])
    assert [request.range for request in moody.asked] == ["bytes=1000-", ""]
    assert (tmp_path / OPEN_CLIP).read_bytes() == (published / OPEN_CLIP).read_bytes()


def test_a_stopped_download_goes_on_where_it_was(moody: Server, published: Path, tmp_path: Path) -> None:
    wanted, pieces = moody.wanted(published, OPEN_CLIP, "slow"), 0

    def after_two_pieces() -> bool:
        nonlocal pieces
        pieces += 1
        return pieces > 2

    with pytest.raises(DownloadStoppedError, match="goes on from there"):
        download_published(tmp_path, quiet, [wanted], after_two_pieces)
    kept = (tmp_path / f"{OPEN_CLIP}.part").stat().st_size
    assert 0 < kept < (published / OPEN_CLIP).stat().st_size
    download_published(tmp_path, quiet, [wanted])
    assert moody.asked[-1].range == f"bytes={kept}-"


def test_a_full_disk_is_said_before_anything_is_fetched(
    moody: Server, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [moody.wanted(published, OPEN_CLIP, "well")]
    usage = shutil.disk_usage(tmp_path)._replace(free=wanted[0].files[0].size or 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ProfileError, match=r"free, and this needs up to"):
        download_published(tmp_path, quiet, wanted)
    assert moody.asked == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=7_000_000_000))
    check_room(tmp_path, PUBLISHED)


def test_two_at_once_do_not_write_into_one_file(tmp_path: Path) -> None:
    (tmp_path / ".downloads").mkdir()
    with (
        FileLock(tmp_path / ".downloads" / "full.lock"),
        pytest.raises(ProfileError, match="another window or command"),
        kept_downloads(tmp_path, "full"),
    ):
        pass


def test_everything_published_has_two_addresses_a_size_a_hash_and_a_licence_that_are_said_first() -> None:
    for wanted in PUBLISHED:
        assert len({address for file in wanted.files for address in file.addresses}) >= 2
        assert all(len(bytes.fromhex(file.sha256)) == 32 and file.size for file in wanted.files)
        assert all(address.startswith("https://") for file in wanted.files for address in file.addresses)
    assert list(announced(PUBLISHED)) == [
        "CLIP ViT-L/14@336 by OpenAI: 934 MB or 1.71 GB, MIT",
        "Grounding DINO, Swin-T: 694 MB, Apache-2.0",
        "Vocabulary of BERT, uncased: 0.2 MB, Apache-2.0",
    ]
    assert bytes_shown(1) == "0.1 MB"

"""A program that forwards three rows at a time until it is killed. Started by ``test_killed.py``.

Arguments: the station's database and image folder, the plant's URL, a scratch folder. It prints after each commit.
"""

from __future__ import annotations

import sys
from pathlib import Path

from storage.storage import open_storage
from workflows.keeping.forwarding import Forwarder


def main(url: str, images: str, plant: str, scratch: str) -> None:
    with open_storage(url, Path(images)) as storage:
        print("ready", flush=True)
        forwarder = Forwarder(
            storage,
            "line 1",
            plant,
            scratch=Path(scratch),
            batch=3,
            on_batch=lambda count: print(count, flush=True),
        )
        forwarder.forward()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Parts, answers, record, deliveries and checks, held against each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from filo_client import Client, Part
from filo_core.imaging import decode_image
from storage.storage import open_storage
from tools.soak_service.askers import Said, serial_of
from tools.soak_service.site import CALLED, POSTED, TOLD, WATCHED, Site
from workflows.keeping.checking import beside_problems
from workflows.settings.settings import Settings

if TYPE_CHECKING:
    from filo_client import Inspection
    from tools.soak_service.plant import Plant

_LOST = "NOT_INSPECTED"
_LOOKED_AT = 20
"""Parts of which more is asked: by their serial alone, and for their picture."""
_Kept = Mapping[str, Sequence["Inspection"]]
"""Of each serial, or file, what the record holds: the newest first."""


def compared(site: Site, said: Sequence[Said], found: Plant) -> list[str]:
    """What is wrong, lost or there twice, by what a supervisor reads through the API, and by what was delivered.

    The service has to run. Counts go into ``found``.
    """
    found.answers = len(said)
    found.repeated = sum(one.repeated for one in said)
    with Client(site.address, site.supervisor) as client:
        kept = _by_part(client.all_inspections(limit=200))
        faults = [*_of_answers(said, found), *_of_deliveries(site, said, found), *_of_record(site, said, kept, found)]
        return [*faults, *_of_looks(client, said, kept)]


def checked(site: Site) -> list[str]:
    """What ``audit verify`` finds in record, pictures and outboxes, once the service has ended."""
    settings = Settings(home=site.home)
    with open_storage(settings.database_url, settings.images) as storage:
        problems = [*storage.verify().problems, *storage.picture_problems(), *beside_problems(settings, storage)]
    return [problem.sentence for problem in problems]


def _by_part(inspections: Iterable[Inspection]) -> _Kept:
    found: defaultdict[str, list[Inspection]] = defaultdict(list)
    for one in inspections:
        found[one.part.serial or one.name].append(one)
    return found


def _file_of(number: int) -> str:
    return f"file-{number}.png"


def _parts_of(site: Site, found: Plant) -> Iterator[tuple[str, str, str]]:
    """Line, serial or file, and the right verdict of every part; empty where the camera alone knows it."""
    for line, count in found.asked.items():
        for number in range(1, count + 1):
            if line == WATCHED:
                yield line, _file_of(number), "NG" if site.is_bad_file(number) else "OK"
            else:
                right = "NG" if number % 4 == 0 else "OK"
                yield line, serial_of(line, number), right if line == POSTED else ""


def _of_answers(said: Sequence[Said], found: Plant) -> Iterator[str]:
    asked = Counter(one.asked_for for one in said)
    for line, count in found.asked.items():
        serials = [serial_of(line, number) for number in range(1, count + 1)] if line != WATCHED else []
        yield from (f"{serial} has {asked[serial]} answers" for serial in serials if asked[serial] != 1)
    for one in said:
        if one.serial != one.asked_for:
            yield f"{one.asked_for} was answered for {one.serial!r}"
        passes = one.reads_as == "OK"
        # An answer that comes again may read as NG whatever its verdict is; none but an OK may read as OK.
        if passes is not (one.verdict == "OK") and (passes or not one.repeated):
            yield f"{one.asked_for} was answered {one.verdict}, reads as {one.reads_as}"


def _of_deliveries(site: Site, said: Sequence[Said], found: Plant) -> Iterator[str]:
    rows = {line: site.rows(line) for line in found.asked}
    keys = Counter(row["key"] for of_line in rows.values() for row in of_line)
    found.delivered = len(keys)
    yield from (f"delivered twice: {key}" for key, count in keys.items() if count > 1)
    delivered = {row["serial"]: row for line, of_line in rows.items() if line != WATCHED for row in of_line}
    for one in said:
        row = delivered.get(one.asked_for)
        if row is None or row["verdict"] != one.verdict or row["reads_as"] != ("OK" if one.verdict == "OK" else "NG"):
            yield f"{one.asked_for} was answered {one.verdict} and delivered as {row and row['verdict']}"
    files = Counter(row["file"] for row in rows[WATCHED])
    for number in range(1, site.files + 1):
        if files[_file_of(number)] != 1:
            yield f"{_file_of(number)} has {files[_file_of(number)]} answers"
    if found.from_broker is not None and found.from_broker != found.asked[POSTED]:
        yield f"{found.asked[POSTED] - found.from_broker} parts did not reach the broker"


def _of_record(site: Site, said: Sequence[Said], kept: _Kept, found: Plant) -> Iterator[str]:
    answered = {one.asked_for: one for one in said}
    delivered = {row["file"]: row["verdict"] for row in site.rows(WATCHED)}
    for line, part, right in _parts_of(site, found):
        newest, *before = kept.get(part, ()) or (None,)
        if newest is None:
            yield f"{part} is not in the record"
            continue
        found.recorded += 1
        found.not_inspected += newest.verdict == _LOST
        told = delivered.get(part) if line == WATCHED else answered[part].verdict if part in answered else None
        if newest.verdict != told:
            yield f"{part} was answered {told}, and the record says {newest.verdict}"
        if right and newest.verdict not in {right, _LOST}:
            yield f"{part} is {right}, and the record says {newest.verdict}"
        number = answered[part].inspection_id if part in answered else None
        if number is not None and number != newest.id:
            yield f"{part} was answered by inspection {number}, and the record has it as {newest.id}"
        # Judged and kept, and killed before that was told: what is told is NOT_INSPECTED, after it.
        found.unsaid += len(before)
        if len(before) > 1 or (before and newest.verdict != _LOST):
            yield f"{part} is in the record {1 + len(before)} times"
    known = {part for _, part, _ in _parts_of(site, found)}
    yield from (f"nobody asked for {part}" for part in kept if part not in known)


def _of_looks(client: Client, said: Sequence[Said], kept: _Kept) -> Iterator[str]:
    """Some parts again: found by their serial alone; and of what a camera saw the picture, which is the truth."""
    for one in said[:: max(1, len(said) // _LOOKED_AT)]:
        page = client.inspections(part=Part(serial=one.asked_for))
        if [found.id for found in page.inspections] != [found.id for found in kept.get(one.asked_for, ())]:
            yield f"{one.asked_for} is not found by its serial"
    seen = [one for one in said if one.line in {CALLED, TOLD} and one.verdict != _LOST and kept.get(one.asked_for)]
    for one in seen[:: max(1, len(seen) // _LOOKED_AT)]:
        encoded = client.picture(kept[one.asked_for][0].id)
        right = "NG" if decode_image(encoded, one.asked_for).pixels.mean() > 127 else "OK"
        if one.verdict != right:
            yield f"{one.asked_for} was answered {one.verdict}, and its picture is {right}"

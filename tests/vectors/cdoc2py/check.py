"""Holds this package's own reader against every vector: an expectation that it does not meet is wrong somewhere."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

from . import header, report, vectorfile
from .archive import Limits, NullSink
from .container import open_container, read_envelope
from .errors import CdocError
from .keys import Keyring
from .vectorfile import Vector

SLOW_SECONDS = 2


def run(folder: Path, only: str | None = None) -> int:
    """Prints disagreements and counts; returns the number of vectors that disagree."""
    counts: Counter[str] = Counter()
    failed = hostile = total = 0
    for vector in vectorfile.load_all(folder):
        if only and only not in vector.name:
            continue
        started = time.process_time()
        problems = _check_guarded(vector, folder)
        elapsed = time.process_time() - started
        if vector.head.get("time") and elapsed > float(vector.one("time")):
            problems.append(f"took {elapsed:.1f} s")
        for problem in problems:
            print(f"{vector.name}: {problem}")
        if elapsed > SLOW_SECONDS:
            print(f"{vector.name}: {elapsed:.1f} s")
        total, failed = total + 1, failed + bool(problems)
        hostile += vector.one("hostile") == "yes"
        counts[vector.one("expect")] += 1
    for expectation, count in sorted(counts.items()):
        print(f"{count:4}  {expectation}")
    print(f"{hostile} of {total} hostile or broken")
    print(f"{total - failed} passed, {failed} failed")
    return failed


def _check_guarded(vector: Vector, folder: Path) -> list[str]:
    """No vector may make this reader fail in any way but its own."""
    try:
        return check_vector(vector, folder)
    except Exception as error:
        return [f"crashed: {error!r}"]


def check_vector(vector: Vector, folder: Path) -> list[str]:
    problems = _check_records(vector)
    # Any key does where the container is refused before keys matter.
    for keyring in vectorfile.keyrings(vector, folder) or [Keyring([])]:
        if vector.one("header-only") == "yes" and not keyring.keys:
            problems += _check_header_only(vector)
        else:
            problems += _check_opening(vector, keyring)
    return problems


def _check_opening(vector: Vector, keyring: Keyring) -> list[str]:
    limits = None
    if vector.head.get("limit-total-size"):
        limits = Limits(total_size=int(vector.one("limit-total-size")))
    try:
        content = open_container(vectorfile.open_body(vector), keyring, NullSink(), limits)
    except CdocError as error:
        return _expect(vector, error.kind, str(error))
    problems = _expect(vector, "success", "it opened")
    if content.files != vector.files:
        problems.append(f"files are {[vectorfile.file_line(file) for file in content.files][:5]}")
    return problems


def _check_header_only(vector: Vector) -> list[str]:
    try:
        header.parse(read_envelope(vectorfile.open_body(vector)).header)
    except CdocError as error:
        return _expect(vector, error.kind, str(error))
    return _expect(vector, "success", "the header was read")


def _expect(vector: Vector, kind: str, detail: str) -> list[str]:
    return [] if kind in vector.expected else [f"expected {vector.one('expect')}, found {kind}: {detail}"]


def _check_records(vector: Vector) -> list[str]:
    """What the head says of records, where it says something."""
    keys = ("record", "skipped-records", "unusable-records")
    if not any(key in vector.head for key in keys):
        return []
    records = header.parse(read_envelope(vectorfile.open_body(vector)).header).records
    problems = []
    for key, status in (("skipped-records", "unknown"), ("unusable-records", "unusable")):
        count = sum(record.status == status for record in records)
        if key in vector.head and count != int(vector.one(key)):
            problems.append(f"{key} is {count}")
    told = [json.loads(line) for line in vector.all("record")]
    found = [report.describe_record(record) for record in records]
    for wanted, described in zip(told, found, strict=bool(told)):
        if any(described.get(key) != value for key, value in wanted.items()):
            problems.append(f"record is {described}, not {wanted}")
    return problems

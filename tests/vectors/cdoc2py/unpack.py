"""Unpacking into a folder: everything beside its destination first, and put in place only when all of it is right."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import BinaryIO


class FolderSink:
    """Use as a context manager; `release` puts the files in place, leaving without it removes them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._partial = tempfile.TemporaryDirectory(prefix=".partial-", dir=folder)
        self._names: list[str] = []
        self._file: BinaryIO | None = None

    def __enter__(self) -> FolderSink:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._partial.cleanup()

    def begin(self, name: str) -> None:
        # The name was checked; on disk it is a number until the end, so that no name can matter before.
        path = Path(self._partial.name, str(len(self._names)))
        self._file = open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
        self._names.append(name)

    def write(self, chunk: bytes) -> None:
        assert self._file is not None
        self._file.write(chunk)

    def end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def release(self) -> None:
        taken = [name for name in self._names if os.path.lexists(self.folder / name)]
        if taken:
            raise FileExistsError(f"{taken[0]!r} exists already")
        for number, name in enumerate(self._names):
            os.rename(Path(self._partial.name, str(number)), self.folder / name)

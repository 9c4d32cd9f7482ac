"""Writes a container whose sender chose the names of its files: `names.py OUT SECRET_FILE NAME...`."""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path

from cases.kit import Kit
from cases.seeded import Seeded
from cdoc2py import container, header, tar


def main() -> None:
    output, secret, *names = sys.argv[1:]
    seed = Seeded("names")
    fmk = seed.bytes(32)
    head = header.build([Kit().symmetric_record(fmk, seed, secret=Path(secret).read_bytes())])
    archive = tar.archive([(name, f"content of {name}".encode()) for name in names])
    Path(output).write_bytes(container.seal(head, fmk, seed.bytes(12), zlib.compress(archive)))
    print(json.dumps({"files": len(names)}))


main()

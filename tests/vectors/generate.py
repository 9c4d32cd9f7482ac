#!/usr/bin/env python3
"""Writes the test vectors: `generate.py OUT_DIR`. Every run writes the same bytes; see README.md."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cases import envelope, flatbuffer, labels, names, recipients, stream, tarball  # noqa: E402
from cases.kit import Kit  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", help="made when missing; must be empty")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        parser.error(f"{folder} is not empty")
    kit = Kit()
    for group in (envelope, recipients, flatbuffer, labels, stream, names, tarball):
        group.add(kit)
    kit.write(folder)
    summarise(kit)


def summarise(kit: Kit) -> None:
    counts = Counter(vector.one("expect") for vector in kit.vectors.values())
    for expectation, count in sorted(counts.items()):
        print(f"{count:4}  {expectation}")
    hostile = sum(vector.one("hostile") == "yes" for vector in kit.vectors.values())
    print(f"{len(kit.vectors)} vectors, {hostile} of them hostile or broken")


if __name__ == "__main__":
    main()

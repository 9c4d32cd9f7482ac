"""Finding places in a good header, to put something wrong there."""

from __future__ import annotations

import struct

# Field numbers of the tables that are damaged.
RECIPIENTS = 0
CAPSULE_TYPE, CAPSULE, LABEL, FMK = 0, 1, 2, 3
RECIPIENT_KEY = 1


class Places:
    """Positions in a header that is known to be well formed."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)

    def root(self) -> int:
        return self._u32(0)

    def records(self) -> int:
        """The vector of records: its length, then the offsets."""
        return self.target(self.field(self.root(), RECIPIENTS))

    def record(self, index: int) -> int:
        return self.target(self.record_offset(index))

    def record_offset(self, index: int) -> int:
        return self.records() + 4 + 4 * index

    def capsule(self, index: int) -> int:
        return self.target(self.field(self.record(index), CAPSULE))

    def vtable(self, table: int) -> int:
        return table - struct.unpack_from("<i", self.data, table)[0]

    def slot(self, table: int, number: int) -> int:
        return self.vtable(table) + 4 + 2 * number

    def field(self, table: int, number: int) -> int:
        offset = struct.unpack_from("<H", self.data, self.slot(table, number))[0]
        assert offset, "the field is absent"
        return table + offset

    def target(self, position: int) -> int:
        return position + self._u32(position)

    def put(self, position: int, form: str, value: int) -> None:
        struct.pack_into("<" + form, self.data, position, value)

    def point(self, position: int, target: int) -> None:
        """Makes the offset at `position` lead to `target`, which only works forwards."""
        self.put(position, "I", (target - position) % (1 << 32))

    def _u32(self, position: int) -> int:
        return struct.unpack_from("<I", self.data, position)[0]

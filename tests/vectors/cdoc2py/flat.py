"""Checked reading of FlatBuffers: the runtime's accessors, each behind a bounds check.

The runtime trusts its input, and in Python a negative position silently counts from the end; so every position is
checked here before the runtime looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flatbuffers import number_types as N
from flatbuffers.table import Table as RawTable

OFFSET_SIZE = 4


class FlatError(Exception):
    """An offset, length or size that does not fit the buffer."""


class BudgetError(Exception):
    """Strings and vectors add up to more than the reader allows, however often they are shared."""


@dataclass
class Budget:
    """Bytes of strings and vectors that may still be read."""

    left: int

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise BudgetError("strings and vectors exceed the limit")


class Table:
    """A table at a checked place of a buffer."""

    def __init__(self, data: bytes, position: int, budget: Budget) -> None:
        self.data, self.position, self.budget = data, position, budget
        # The runtime raises its own error for a position that no 32-bit offset can have.
        self._raw = RawTable(data, position if position < len(data) else 0)
        vtable = position - self._get(N.SOffsetTFlags, position)
        self._slots_end = self._get(N.VOffsetTFlags, vtable)
        self._size = self._get(N.VOffsetTFlags, vtable + 2)
        if self._slots_end < 4 or self._slots_end % 2 or vtable + self._slots_end > len(data):
            raise FlatError("vtable does not fit")
        if self._size < OFFSET_SIZE or position + self._size > len(data):
            raise FlatError("table does not fit")

    @classmethod
    def root(cls, data: bytes, budget: Budget) -> Table:
        if len(data) < OFFSET_SIZE:
            raise FlatError("no room for the root offset")
        return cls(data, RawTable(data, 0).Get(N.UOffsetTFlags, 0), budget)

    def int8(self, field: int) -> int:
        return self._scalar(field, N.Int8Flags)

    def uint8(self, field: int) -> int:
        return self._scalar(field, N.Uint8Flags)

    def int32(self, field: int) -> int:
        return self._scalar(field, N.Int32Flags)

    def bytes(self, field: int) -> bytes | None:
        """A string or byte vector, None when the field is absent."""
        place = self._vector(field, 1)
        if place is None:
            return None
        start, length = place
        self.budget.take(length)
        return self.data[start:start + length]

    def required_bytes(self, field: int) -> bytes:
        found = self.bytes(field)
        if found is None:
            raise FlatError(f"required field {field} is missing")
        return found

    def table(self, field: int) -> Table | None:
        place = self._field(field, OFFSET_SIZE)
        return None if place is None else Table(self.data, self._follow(place), self.budget)

    def table_positions(self, field: int) -> list[int] | None:
        """Where the offsets of a vector of tables stand; follow each by `table_at`."""
        place = self._vector(field, OFFSET_SIZE)
        if place is None:
            return None
        start, length = place
        return [start + OFFSET_SIZE * i for i in range(length)]

    def table_at(self, position: int) -> Table:
        return Table(self.data, self._follow(position), self.budget)

    def _scalar(self, field: int, flags: type) -> int:
        place = self._field(field, flags.bytewidth)
        return 0 if place is None else self._get(flags, place)

    def _field(self, field: int, size: int) -> int | None:
        slot = 4 + 2 * field
        if slot + 2 > self._slots_end:
            return None
        offset = self._raw.Offset(slot)
        if offset == 0:
            return None
        if offset < OFFSET_SIZE or offset + size > self._size:
            raise FlatError(f"field {field} lies outside its table")
        return self.position + offset

    def _vector(self, field: int, element_size: int) -> tuple[int, int] | None:
        place = self._field(field, OFFSET_SIZE)
        if place is None:
            return None
        vector = self._follow(place)
        length = self._get(N.UOffsetTFlags, vector)
        start = vector + OFFSET_SIZE
        if start + length * element_size > len(self.data):
            raise FlatError(f"vector of field {field} does not fit")
        return start, length

    def _follow(self, position: int) -> int:
        return position + self._get(N.UOffsetTFlags, position)

    def _get(self, flags: type, position: int) -> int:
        if position < 0 or position + flags.bytewidth > len(self.data):
            raise FlatError("offset points outside the header")
        return self._raw.Get(flags, position)

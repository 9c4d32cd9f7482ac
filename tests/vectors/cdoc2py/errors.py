"""The one exception of the package; its kinds are the words that vectors expect."""

from __future__ import annotations

KINDS = frozenset({
    "not_cdoc2",
    "old_format",
    "unsupported_version",
    "malformed",
    "truncated",
    "no_key",
    "wrong_key",
    "tampered",
    "unsafe_content",
    "limit_exceeded",
    # Of this reader only: readable, but not the shape that writers must give it.
    "not_strict",
})


class CdocError(Exception):
    """A container that cannot be opened; `kind` says whose fault it is, in the words of `KINDS`."""

    def __init__(self, kind: str, message: str) -> None:
        assert kind in KINDS
        super().__init__(message)
        self.kind = kind


def malformed(message: str) -> CdocError:
    return CdocError("malformed", message)

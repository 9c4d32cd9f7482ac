"""Which file names may be unpacked, and which of them are the same on some system."""

from __future__ import annotations

import unicodedata

MAX_NAME_BYTES = 1000

FORBIDDEN = frozenset('<>:"/\\|?*\u202e\ufffe\uffff')
DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL"] + [f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)]
)


def problem(name: str) -> str | None:
    """What is wrong with a name, None when it is fine."""
    if not name:
        return "is empty"
    if name[-1] in " .":
        return "ends in a space or full stop"
    if name[0] in " -":
        return "starts with a space or hyphen"
    for character in name:
        if character in FORBIDDEN or unicodedata.category(character) == "Cc":
            return f"holds U+{ord(character):04X}"
    if name.split(".")[0].upper() in DEVICES:
        return "is a device name"
    return None


def collision_key(name: str) -> str:
    """Equal for names that a file system may take for the same: caseless and canonically equivalent (Unicode, D145)."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFC", folded)

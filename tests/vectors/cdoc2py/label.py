"""Key labels: free text, or `data:` with form-encoded fields. Parsing never fails; it gives fewer fields."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import quote_plus, unquote_plus

PREFIX = "data:"


def build(fields: dict[str, str]) -> str:
    """The label that writers use: upper-case keys in alphabetical order, `V=1` among them."""
    pairs = sorted({**fields, "V": "1"}.items())
    return PREFIX + "," + "&".join(f"{_encode(key)}={_encode(value)}" for key, value in pairs)


def _encode(text: str) -> str:
    # Java's form encoding leaves "*" and escapes "~"; Python's does the reverse.
    return quote_plus(text, safe="*").replace("~", "%7E")


def parse(label: str) -> dict[str, str] | None:
    """Fields with upper-case keys; None for free text."""
    if label[:len(PREFIX)].lower() != PREFIX:
        return None
    meta, comma, form = label[len(PREFIX):].partition(",")
    if not comma:
        # Labels of early writers have no comma: `data:V=1&TYPE=...`.
        meta, form = "", meta
    if meta.lower().split(";")[-1] == "base64":
        form = _decode_base64(form)
    fields = {}
    for pair in form.split("&"):
        key, _, value = pair.partition("=")
        if key:
            fields[unquote_plus(key).upper()] = unquote_plus(value)
    return fields


def _decode_base64(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def is_canonical(label: str) -> bool:
    """Whether a `data:` label is written as writers must; free text is."""
    fields = parse(label)
    return fields is None or label == build(fields)

"""What the reader found, as JSON-ready values."""

from __future__ import annotations

from typing import Any

from . import header
from . import label as labels
from .curves import CURVES


def describe_record(parsed: header.ParsedRecord) -> dict[str, Any]:
    if parsed.record is None:
        return {"index": parsed.index, "status": parsed.status, "reason": parsed.reason}
    text = (parsed.record.label or b"").decode("utf-8", "replace")
    described = {"index": parsed.index, "status": parsed.status, **describe_capsule(parsed.record.capsule)}
    return {**described, "label": text, "label_fields": labels.parse(text)}


def describe_capsule(capsule: header.Capsule | None) -> dict[str, Any]:
    match capsule:
        case header.EccCapsule(curve, recipient, _):
            return {"type": "ec", "curve": CURVES[curve].name, "recipient_key": recipient.hex()}
        case header.RsaCapsule(recipient, _):
            return {"type": "rsa", "recipient_key": recipient.hex()}
        case header.ServerCapsule(details, server_id, transaction_id):
            return {"type": "server", **_describe_details(details), "server_id": _text(server_id),
                    "transaction_id": _text(transaction_id)}
        case header.SymmetricCapsule():
            return {"type": "symmetric"}
        case header.PasswordCapsule(iterations=iterations):
            return {"type": "password", "iterations": iterations}
        case header.SharesCapsule(shares, recipient_id=recipient_id):
            listed = [{"url": _text(share.url), "share_id": _text(share.share_id)} for share in shares]
            return {"type": "shares", "recipient_id": _text(recipient_id), "shares": listed}
    raise AssertionError("a record that is ok has a capsule")


def _describe_details(details: header.EccDetails | header.RsaDetails | None) -> dict[str, Any]:
    match details:
        case header.EccDetails(curve, key):
            return {"key": "ec", "curve": CURVES[curve].name, "recipient_key": key.hex()}
        case header.RsaDetails(key):
            return {"key": "rsa", "recipient_key": key.hex()}
    raise AssertionError("a record that is ok has key details")


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")

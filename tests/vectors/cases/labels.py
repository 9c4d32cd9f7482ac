"""Labels: whatever stands there, the container opens; and what is to be read out of well-known ones."""

from __future__ import annotations

import base64
import json

from .kit import OPEN_SECRET, Kit


def add(kit: Kit) -> None:
    _understood(kit)
    _strange(kit)
    _not_text(kit)


def _understood(kit: Kit) -> None:
    password = {"LABEL": "passwordlabel", "TYPE": "pw", "V": "1"}
    encoded = base64.b64encode(b"LABEL=passwordlabel&TYPE=pw&V=1").decode()
    eid = {"CN": "JÕEORG,JAAK-KRISTJAN,38001085718", "FIRST_NAME": "JAAK-KRISTJAN", "LAST_NAME": "JÕEORG",
           "SERIAL_NUMBER": "PNOEE-38001085718", "SERVER_EXP": "1900000000", "TYPE": "ID-card", "V": "1"}
    eid_label = ("data:,CN=J%C3%95EORG%2CJAAK-KRISTJAN%2C38001085718&FIRST_NAME=JAAK-KRISTJAN&LAST_NAME=J%C3%95EORG"
                 "&SERIAL_NUMBER=PNOEE-38001085718&SERVER_EXP=1900000000&TYPE=ID-card&V=1")
    cases: dict[str, tuple[str, dict[str, str] | None, str]] = {
        "free_text": ("For Jaak, on Monday", None, "free text"),
        "free_text_unicode": ("Jäääär 🔑 для всех", None, "free text outside ASCII"),
        "empty": ("", None, "an empty label"),
        "password": ("data:,LABEL=passwordlabel&TYPE=pw&V=1", password, "as writers write it"),
        "public_key": ("data:,FILE=rsa_pub.pem&TYPE=pub_key&V=1",
                       {"FILE": "rsa_pub.pem", "TYPE": "pub_key", "V": "1"}, "of a public key file"),
        "shares": ("data:,SN=etsi%2FPNOEE-30303039914&TYPE=auth&V=1",
                   {"SN": "etsi/PNOEE-30303039914", "TYPE": "auth", "V": "1"}, "of key shares"),
        "eid": (eid_label, eid, "of an ID-card"),
        "escapes": ("data:,LABEL=a+b%7E%26%3D%25&TYPE=pw&V=1",
                    {"LABEL": "a b~&=%", "TYPE": "pw", "V": "1"}, "with every escape"),
        "lower_case_keys": ("data:,label=passwordlabel&type=pw&v=1", password, "with keys in lower case"),
        "other_order": ("data:,V=1&TYPE=pw&LABEL=passwordlabel", password, "in another order"),
        "lower_case_hex": ("data:,SN=etsi%2fPNOEE-30303039914&TYPE=auth&V=1",
                           {"SN": "etsi/PNOEE-30303039914", "TYPE": "auth", "V": "1"}, "with hex in lower case"),
        "base64": (f"data:;base64,{encoded}", password, "in base64"),
        "media_type": ("data:application/x-www-form-urlencoded,LABEL=passwordlabel&TYPE=pw&V=1", password,
                       "with a media type"),
        "media_type_base64": (f"data:application/x-www-form-urlencoded;charset=UTF-8;base64,{encoded}", password,
                              "with a media type, a parameter and base64"),
        "no_comma": ("data:V=1&TYPE=pw&LABEL=passwordlabel", password, "without a comma, as in old files"),
        "no_value": ("data:,LABEL&TYPE=pw&V=1", {"LABEL": "", "TYPE": "pw", "V": "1"}, "with a key without value"),
        "unknown_type": ("data:,TYPE=quantum&V=2", {"TYPE": "quantum", "V": "2"}, "of a type to come"),
        "value_with_equals": ("data:,LABEL=a=b&TYPE=pw&V=1", {"LABEL": "a=b", "TYPE": "pw", "V": "1"},
                              "with an equals sign in a value"),
    }
    for name, (label, fields, about) in cases.items():
        record = json.dumps({"type": "symmetric", "label": label, "label_fields": fields})
        kit.add_records(f"label_{name}", f"A label {about}." if fields else f"The label is {about}.", "success",
                        lambda fmk, seed, label=label: [kit.symmetric_record(fmk, seed, label=label.encode())],
                        open_with=[OPEN_SECRET], record=record)


def _strange(kit: Kit) -> None:
    strange = {
        "bad_base64": "data:;base64,%%%not base64%%%",
        "base64_not_text": "data:;base64," + base64.b64encode(b"\xff\xfe\x00\x80").decode(),
        "base64_odd": "data:;base64,TEFCR",
        "bad_escape": "data:,LABEL=%G1%&TYPE=pw",
        "escape_at_end": "data:,LABEL=abc%",
        "escape_not_utf8": "data:,LABEL=%FF%FE",
        "escape_overlong": "data:,LABEL=%C0%AF",
        "escape_nul": "data:,LABEL=a%00b",
        "escape_newline": "data:,LABEL=a%0D%0Ab",
        "only_prefix": "data:",
        "only_comma": "data:,",
        "only_ampersands": "data:,&&&&",
        "only_equals": "data:,=&==",
        "duplicate_keys": "data:,TYPE=pw&TYPE=cert&type=secret",
        "many_keys": "data:," + "&".join(f"K{i}=V{i}" for i in range(20_000)),
        "upper_case_scheme": "DATA:,TYPE=pw",
        "semicolons": "data:;;;;base64;;,TYPE=pw",
        "two_commas": "data:,,TYPE=pw",
        "long": "x" * 200_000,
        "control": "a\x00b\x07c\x1b[31md",
        "bidi": "\u202egpj.exe\u202c\u2066",
        "html": "<img src=x onerror=alert(1)><script>alert(1)</script>",
        "combining": "e" + "\u0301" * 5000,
        "serial_huge": "data:,SERVER_EXP=99999999999999999999999999&TYPE=ID-card&V=1",
        "serial_negative": "data:,SERVER_EXP=-1&TYPE=ID-card&V=1",
        "serial_text": "data:,SERVER_EXP=soon&TYPE=ID-card&V=x",
    }
    for name, label in strange.items():
        about = f"A strange label ({name.replace('_', ' ')}) must not stop decryption."
        kit.add_records(f"label_strange_{name}", about, "success",
                        lambda fmk, seed, label=label: [kit.symmetric_record(fmk, seed, label=label.encode())],
                        open_with=[OPEN_SECRET], hostile=True, time=5)


def _not_text(kit: Kit) -> None:
    labels = {"ff": b"\xff\xfe\xfd", "latin1": "käsi".encode("latin-1"), "surrogate": b"\xed\xa0\x80",
              "cut": "õ".encode()[:1], "data": b"data:,LABEL=\xff&TYPE=pw"}
    for name, label in labels.items():
        kit.add_records(f"label_not_utf8_{name}", "The label of the only record is not UTF-8.",
                        "success|malformed|no_key",
                        lambda fmk, seed, label=label: [kit.ec_record(fmk, seed, label=label)])
        kit.add_records(f"label_not_utf8_{name}_and_good", "A label that is not UTF-8 in the record before a good one.",
                        "success", lambda fmk, seed, label=label: [
                            kit.ec_record(fmk, seed, "stranger256", label), kit.ec_record(fmk, seed)], hostile=True)

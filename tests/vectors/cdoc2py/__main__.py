"""Command line: `python -m cdoc2py --help`."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from . import check, container, header, java_limits, report, selftest
from .archive import Limits, NullSink
from .errors import CdocError
from .keys import Key, Keyring, Password, SecretKey, ShareAnswers, load_private_key
from .unpack import FolderSink


def main() -> int:
    arguments = _parser().parse_args()
    try:
        return arguments.run(arguments)
    except (OSError, ValueError) as error:
        # A file or key of the caller's, not the container.
        print(f"cdoc2py: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cdoc2py", description="Read CDOC2 containers strictly.")
    commands = parser.add_subparsers(required=True)

    read = commands.add_parser("read", help="verify and unpack a container, holding it to the rules for writers")
    read.add_argument("container", type=Path)
    _add_keys(read)
    read.add_argument("-o", "--output", type=Path, metavar="DIR", help="unpack here")
    read.add_argument("--check-only", action="store_true",
                      help="verify everything, unpack nothing (the default without -o)")
    read.add_argument("--lenient", action="store_true", help="report departures from the writers' form, but succeed")
    read.add_argument("--max-size", type=int, metavar="BYTES", help="most bytes of all files together")
    read.add_argument("--json", action="store_true", help="print JSON")
    read.set_defaults(run=_read)

    info = commands.add_parser("info", help="print the records, as JSON, without a key")
    info.add_argument("container", type=Path)
    info.set_defaults(run=_info)

    limits = commands.add_parser("java-limits", help="would the Java reader's limits let it open? Prints JSON")
    limits.add_argument("container", type=Path)
    _add_keys(limits)
    limits.set_defaults(run=_java_limits)

    checking = commands.add_parser("check", help="hold this reader against generated vectors")
    checking.add_argument("folder", type=Path)
    checking.add_argument("--only", metavar="TEXT", help="vectors whose name holds this")
    checking.set_defaults(run=lambda arguments: int(check.run(arguments.folder, arguments.only) > 0))

    testing = commands.add_parser("selftest",
                                  help="known answers, reference containers ($CDOC2_REFERENCE), round trips")
    testing.set_defaults(run=lambda _: selftest.run(os.environ.get("CDOC2_REFERENCE")))
    return parser


def _add_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", type=Path, metavar="PEM", help="private key, EC or RSA")
    parser.add_argument("--key-password-file", type=Path, metavar="FILE")
    parser.add_argument("--secret-file", type=Path, metavar="FILE", help="symmetric key")
    parser.add_argument("--secret-format", choices=("raw", "hex", "base64"), default="raw")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="UTF-8; a newline at its end is left out")
    parser.add_argument("--answers", type=Path, metavar="JSON",
                        help='what servers answer: {"capsules": {transaction id: hex}, "shares": {share id: hex}}')


def _keyring(arguments: argparse.Namespace) -> Keyring:
    keys: list[Key] = []
    if arguments.key:
        password = _password(arguments.key_password_file) if arguments.key_password_file else None
        keys.append(load_private_key(arguments.key.read_bytes(), password))
    if arguments.secret_file:
        keys.append(SecretKey(_decode(arguments.secret_file.read_bytes(), arguments.secret_format)))
    if arguments.password_file:
        keys.append(Password(_password(arguments.password_file)))
    answers = json.loads(arguments.answers.read_text()) if arguments.answers else {}
    if answers.get("shares"):
        keys.append(ShareAnswers(_answers(answers["shares"])))
    return Keyring(keys, _answers(answers.get("capsules", {})))


def _password(path: Path) -> bytes:
    return path.read_bytes().removesuffix(b"\n").removesuffix(b"\r")


def _decode(data: bytes, form: str) -> bytes:
    match form:
        case "hex":
            return bytes.fromhex(data.decode())
        case "base64":
            return base64.b64decode(data)
    return data


def _answers(table: dict[str, str]) -> dict[bytes, bytes]:
    return {identifier.encode(): bytes.fromhex(material) for identifier, material in table.items()}


def _read(arguments: argparse.Namespace) -> int:
    try:
        found = _open(arguments)
    except CdocError as error:
        return _fail(error, arguments.json)
    strict = arguments.lenient or not found["deviations"]
    if not strict:
        found = {**found, "ok": False, "error": "not_strict", "message": "; ".join(found["deviations"])}
    print(json.dumps(found, indent=2) if arguments.json else _summary(found))
    return 0 if strict else 1


def _open(arguments: argparse.Namespace) -> dict[str, Any]:
    keyring = _keyring(arguments)
    limits = Limits(total_size=arguments.max_size) if arguments.max_size else None
    with arguments.container.open("rb") as file:
        if arguments.check_only or not arguments.output:
            return _content(container.open_container(file, keyring, NullSink(), limits))
        with FolderSink(arguments.output) as sink:
            content = container.open_container(file, keyring, sink, limits)
            if arguments.lenient or not content.deviations.notes:
                sink.release()
            return _content(content)


def _content(content: container.Content) -> dict[str, Any]:
    return {
        "ok": True,
        "opened_record": content.record,
        "untried_records": content.untried,
        "records": [report.describe_record(record) for record in content.header.records],
        "files": [vars(file) for file in content.files],
        "compressed": content.compressed,
        "deviations": content.deviations.notes,
    }


def _summary(found: dict[str, Any]) -> str:
    lines = [f"{file['sha256']}  {file['size']:>12}  {file['name']!r}" for file in found["files"]]
    lines += [f"deviation: {note}" for note in found["deviations"]]
    return "\n".join(lines)


def _fail(error: CdocError, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": False, "error": error.kind, "message": str(error)}))
    print(f"{error.kind}: {error}", file=sys.stderr)
    return 1


def _info(arguments: argparse.Namespace) -> int:
    try:
        with arguments.container.open("rb") as file:
            records = header.parse(container.read_envelope(file).header).records
    except CdocError as error:
        return _fail(error, as_json=True)
    print(json.dumps({"ok": True, "records": [report.describe_record(record) for record in records]}, indent=2))
    return 0


def _java_limits(arguments: argparse.Namespace) -> int:
    try:
        with arguments.container.open("rb") as file:
            verdict = java_limits.check(file, _keyring(arguments))
    except CdocError as error:
        return _fail(error, as_json=True)
    print(json.dumps({"ok": verdict.accepted, **verdict.as_dict()}, indent=2))
    return 0 if verdict.accepted else 1


if __name__ == "__main__":
    sys.exit(main())

"""Holds lists of servers against the schema that ships, by another's validator: lists.py SCHEMA LIST-OR-GUIDE ..."""

import json
import pathlib
import re
import sys

import jsonschema_rs

validator = jsonschema_rs.validator_for(json.loads(pathlib.Path(sys.argv[1]).read_text()))


def mistakes(value):
    return [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(value)]


for name in sys.argv[2:]:
    text = pathlib.Path(name).read_text()
    lists = re.findall(r"^```json\n(.*?)^```", text, re.S | re.M) if name.endswith(".md") else [text]
    if not lists:
        sys.exit(f"FAILED: no list in {name}")
    for value in map(json.loads, lists):
        if mistakes(value):
            sys.exit(f"FAILED: {name}: {mistakes(value)}")
        # A schema that lets everything pass would say nothing.
        if not mistakes(value | {"more": 1}) or not mistakes({k: v for k, v in value.items() if k != "version"}):
            sys.exit(f"FAILED: the schema accepts a changed {name}")
print("lists are as their schema says")

"""The examples of docs/files.md, in its order: ALL, each with a name of its own."""

from . import json_rules, kind_rules, program_rules, tensor_rules
from .build import Example

ALL: list[Example] = [
    example for rules in (json_rules, program_rules, tensor_rules, kind_rules) for example in rules.examples()
]

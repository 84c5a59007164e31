"""Odd files for readers to judge: valid ones from random programs, and the same with their JSON, text or bytes changed.

`OddFiles(seed)` draws them one after another, always the same; nobody says here which are good: readers are compared.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from file_examples.build import entries, raw
from hypothesis import HealthCheck, Phase, given, seed, settings

from paragon.conformance.fuzz import GENERATORS, samples
from paragon.ir.program import Program

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "bindings_tests" / "vectors" / "files"

WORDS = (
    "0", "1", "2", "3", "7", "8", "-1", "-0", "1.0", "2e0", "1e999", "255", "256", "2147483647", "2147483648",
    "4294967295", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "0.5", "01", "null", "true", "false", "NaN", "[]", "{}", "[0]", "[1,2]", "[[]]", '""',
    '"x"', '"w"', '"f32"', '"i32"', '"F32"', '"u32"', '"3f800000"', '"3F800000"', '"\\u0000"', '"\\u0085"',
    '"\\ud800"', '"\\ud83d\\ude00"', '"__metadata__"', '"__proto__"', '"seed"', '"data.x"', '"output.y"',
    '{"a":1,"a":2}',
)  # fmt: skip
KEYS = (
    "meta",
    "name",
    "program",
    "program.x",
    "job",
    "cases",
    "format",
    "__metadata__",
    "__proto__",
    "panel",
    "axis",
    "x",
    "",
    "seed",
)
CHARACTERS = '{}[]",:\\ \t\n\r0123456789.-+eEtfn/\x00\x1f\x7f\u0085\u00a0\u2028\ufeff\ud7ff\U0001f600a'

Pairs = list[tuple[str, Any]]
"""An object of JSON, in which a name can stand twice."""


class Raw(str):
    """Text that is written as it is, also where it is no JSON."""


class Object(Pairs):
    """So that a list is told from an object."""


def parsed(text: str) -> Any:
    """A JSON text as Objects, lists and Raw scalars. Raises ValueError."""
    return json.loads(
        text, object_pairs_hook=Object, parse_int=Raw, parse_float=Raw, parse_constant=lambda word: Raw(word)
    )


def written(value: Any) -> str:
    if isinstance(value, Object):
        return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return str(value) if isinstance(value, Raw) else json.dumps(value, ensure_ascii=False)


def containers(value: Any) -> Iterator[list[Any]]:
    """Every list and object inside a value, itself included."""
    if isinstance(value, list):
        yield value
        for item in value:
            yield from containers(item[1] if isinstance(value, Object) else item)


def assemble(header: str, data: bytes) -> bytes:
    return raw(header.encode("utf-8", "surrogatepass"), data)


def drawn_programs(count: int, start: int) -> list[Program]:
    """Random programs of the fuzzer, some for each operation."""
    found: list[Program] = []
    for operation in sorted(GENERATORS):

        @seed(start)
        @settings(
            max_examples=max(1, count // len(GENERATORS)),
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(samples(operation, 4))
        def keep(sample: Any) -> None:
            found.append(sample.program)

        keep()
    return found


class OddFiles:
    """An endless row of files."""

    def __init__(self, start: int, programs: int = 200) -> None:
        self.random = random.Random(start)
        self.programs = [json.loads(p.to_json()) for p in drawn_programs(programs, start)]
        self.examples = [p.read_bytes() for p in sorted(EXAMPLES.glob("*/*.safetensors")) if p.stat().st_size < 4000]

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self.file()

    def file(self) -> bytes:
        """One file: a good start, and up to three changes of one kind or another."""
        pick = self.random
        data = pick.choice(self.examples) if pick.random() < 0.3 else self.good()
        for _ in range(pick.choice((0, 1, 1, 1, 1, 2, 3))):
            change: Callable[[bytes], bytes] = pick.choice(
                (self.structure, self.structure, self.structure, self.text, self.octets)
            )
            data = change(data)
        return data

    # --- good files ---------------------------------------------------------------------------------------------------

    def good(self) -> bytes:
        """A model, job or file of vectors of a random program, whose last inputs become state."""
        pick = self.random
        program = dict(pick.choice(self.programs))
        inputs = program["inputs"]
        kind = pick.choice(("model", "job", "vectors"))
        batch = inputs[0]["shape"][0] if inputs and inputs[0]["shape"] and inputs[0]["shape"][0] else 2
        rows = [bool(v["shape"]) and v["shape"][0] == batch for v in inputs]
        kept = pick.randint(0, [*rows, False].index(False) if kind == "job" else len(inputs))
        program |= {"inputs": inputs[:kept], "state": inputs[kept:]}
        if pick.random() < 0.3:
            program["meta"] = pick.choice(({}, {"a": [1, 2.5, None]}, {"": "\u0085"}, {"n": {"n": {"n": -1e300}}}))
        specs = {v["name"]: (v["dtype"], v["shape"]) for v in inputs}
        values = [*specs.values(), *((o["dtype"], o["shape"]) for o in program["operations"])]
        state = {v["name"]: specs[v["name"]] for v in program["state"]}
        program["updates"] = [
            {"state": name, "value": values.index(spec)} for name, spec in state.items() if pick.random() < 0.5
        ]
        text = json.dumps(program, separators=(",", ":"), ensure_ascii=pick.random() < 0.5)
        metadata = {"format": f"paragon-{kind}", "program": text}
        tensors = dict(state)
        if kind == "job":
            metadata["job"] = json.dumps(
                {"steps": pick.choice((1, 2, 9)), "batch": batch, "seed": [pick.choice((0, 1, 2**32 - 1)), 0]}
            )
            tensors |= {f"data.{v['name']}": (v["dtype"], [batch + 1, *v["shape"][1:]]) for v in program["inputs"]}
        elif kind == "vectors":
            metadata = {"format": "paragon-vectors", "cases": f'[{{"name":"c","program":{text}}}]'}
            tensors = {f"0/in/{v['name']}": specs[v["name"]] for v in program["inputs"]}
            tensors |= {f"0/state/{name}": spec for name, spec in state.items()}
            tensors |= {f"0/out/{o['name']}": values[o["value"]] for o in program["outputs"]}
            tensors |= {f"0/new/{u['state']}": state[u["state"]] for u in program["updates"]}
        elif pick.random() < 0.3:
            metadata["program.other"] = text
        return self.with_tensors(metadata, tensors)

    def with_tensors(self, metadata: dict[str, str], tensors: dict[str, Any]) -> bytes:
        header, data = entries(tensors)
        return assemble(json.dumps({"__metadata__": metadata, **header}, separators=(",", ":")), data)

    # --- changes ------------------------------------------------------------------------------------------------------

    def split(self, data: bytes) -> tuple[str, bytes]:
        """Header and data; a header that is no text stays as it is, byte by byte."""
        length = int.from_bytes(data[:8], "little")
        length = min(length, len(data) - 8) if len(data) >= 8 else 0
        return data[8 : 8 + length].decode("utf-8", "replace"), data[8 + length :]

    def structure(self, data: bytes) -> bytes:
        """Another shape of the JSON of the header, or of a text inside its metadata."""
        text, rest = self.split(data)
        try:
            header = parsed(text)
        except (ValueError, RecursionError):
            return self.text(data)
        texts = [
            (pairs, i)
            for key, pairs in (header if isinstance(header, Object) else ())
            if key == "__metadata__" and isinstance(pairs, Object)
            for i, (inner, _) in enumerate(pairs)
            if inner != "format"
        ]
        if texts and self.random.random() < 0.75:
            pairs, i = self.random.choice(texts)
            pairs[i] = (pairs[i][0], self.inner(pairs[i][1]))
        else:
            self.damage(header)
        return assemble(written(header), rest)

    def inner(self, text: Any) -> Any:
        """A text in the metadata with its JSON changed; of a program, most often a place that holds something."""
        try:
            value = parsed(text)
        except (ValueError, TypeError, RecursionError):
            return self.characters(text) if isinstance(text, str) else text
        self.damage(value)
        return str(written(value))

    def damage(self, value: Any) -> None:
        """One change at a random place inside."""
        pick = self.random
        filled = [c for c in containers(value) if c]
        if not filled:
            return
        place = pick.choice(filled)
        i = pick.randrange(len(place))
        kind = pick.choice(("replace", "replace", "remove", "twice", "insert", "swap", "near", "near", "key"))
        named = isinstance(place, Object)
        item = place[i][1] if named else place[i]
        if kind == "remove":
            del place[i]
        elif kind == "twice":
            place.insert(pick.randrange(len(place) + 1), place[i])
        elif kind == "insert":
            word = Raw(pick.choice(WORDS))
            place.insert(i, (pick.choice(KEYS), word) if named else word)
        elif kind == "swap":
            j = pick.randrange(len(place))
            place[i], place[j] = place[j], place[i]
        elif kind == "key" and named:
            place[i] = (pick.choice((*KEYS, place[i][0] + " ", place[i][0].upper())), item)
        else:
            new = self.near(item) if kind == "near" else Raw(pick.choice(WORDS))
            place[i] = (place[i][0], new) if named else new

    def near(self, item: Any) -> Any:
        """A value close to this one."""
        pick = self.random
        if isinstance(item, Raw) and item.lstrip("-").isdigit():
            number = int(item)
            changed = (
                number + 1,
                number - 1,
                f"{number}.0",
                f"{number}e0",
                f"-{number}",
                number + 2**32,
                f'"{number}"',
                f"0{number}",
                number * 2,
            )
            return Raw(str(pick.choice(changed)))
        if isinstance(item, bool):
            return Raw(pick.choice(("0", "1", "null", str(not item).lower())))
        if isinstance(item, str):
            return self.characters(item)
        return Raw(pick.choice(("null", "[]", "{}")))

    def characters(self, text: str) -> str:
        """Text with a character changed, put in or taken away."""
        pick = self.random
        at = pick.randrange(len(text) + 1)
        return text[:at] + pick.choice(("", pick.choice(CHARACTERS))) + text[at + pick.choice((0, 1)) :]

    def text(self, data: bytes) -> bytes:
        """The header's text with some characters changed; its length is right."""
        text, rest = self.split(data)
        for _ in range(self.random.choice((1, 1, 2, 4))):
            text = self.characters(text)
        return assemble(text, rest)

    def octets(self, data: bytes) -> bytes:
        """Bytes of the file changed, cut off or added."""
        pick = self.random
        changed = bytearray(data)
        kind = pick.choice(("flip", "flip", "cut", "more", "length"))
        if kind == "flip":
            for _ in range(pick.choice((1, 1, 2, 8))):
                if changed:
                    changed[pick.randrange(len(changed))] = pick.randrange(256)
        elif kind == "cut":
            del changed[pick.randrange(len(changed) + 1) :]
        elif kind == "more":
            changed += bytes(pick.choice((1, 4, 8)))
        elif len(changed) >= 8:
            length = int.from_bytes(changed[:8], "little") + pick.choice((-1, 1, 8, 2**32, 2**63))
            changed[:8] = (length % 2**64).to_bytes(8, "little")
        return bytes(changed)

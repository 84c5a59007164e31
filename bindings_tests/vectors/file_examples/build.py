"""Files put together byte by byte, so that they can also be wrong: no library has a say in them."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A small file, what every reader must say to it, and the rule of docs/files.md that it shows."""

    accept: bool
    name: str
    rule: str
    data: bytes


def text(value) -> str:
    """JSON without white space, as short as can be."""
    return json.dumps(value, separators=(",", ":"))


def raw(header: bytes | str, data: bytes = b"", length: int | None = None) -> bytes:
    """A file of this header and data; `length` where the first eight bytes lie."""
    header = header.encode() if isinstance(header, str) else header
    return (len(header) if length is None else length).to_bytes(8, "little") + header + data


def entries(tensors: dict) -> tuple[dict, bytes]:
    """The header's entries for {name: (dtype, shape)}, and zeros for them."""
    header, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        size = 4
        for n in shape:
            size *= n
        header[name] = {"dtype": dtype.upper(), "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    return header, bytes(at)


def file(metadata: dict | None, tensors: dict) -> bytes:
    """A file that keeps to the format."""
    header, data = entries(tensors)
    return raw(text(({} if metadata is None else {"__metadata__": metadata}) | header), data)


# --- programs ---------------------------------------------------------------------------------------------------------


def variable(name: str, dtype: str = "f32", shape=(2,)) -> dict:
    return {"name": name, "dtype": dtype, "shape": list(shape)}


def operation(op: str, inputs, output: int, dtype: str, shape, /, **attributes) -> dict:
    return {
        "op": op, "inputs": list(inputs), "output": output, "dtype": dtype, "shape": list(shape), "attributes": attributes,
    }  # fmt: skip


def program(inputs=(), state=(), operations=(), outputs=(), updates=(), **more) -> dict:
    """A program; outputs and updates are pairs (name, value)."""
    return {
        "format": "paragon-program",
        "version": 1,
        "contract": 1,
        "inputs": list(inputs),
        "state": list(state),
        "operations": list(operations),
        "outputs": [{"name": name, "value": value} for name, value in outputs],
        "updates": [{"state": name, "value": value} for name, value in updates],
        **more,
    }


def counter(**more) -> dict:
    """w <- w + x, with the sum as output y: the program that most examples change."""
    return program(
        [variable("x")],
        [variable("w")],
        [operation("add", [0, 1], 2, "f32", [2])],
        [("y", 2)],
        [("w", 2)],
        **more,
    )


def one(op: str, operands, dtype: str, shape, /, **attributes) -> dict:
    """A program of one operation on inputs of these (dtype, shape)."""
    inputs = [variable(f"x{i}", d, s) for i, (d, s) in enumerate(operands)]
    node = operation(op, range(len(inputs)), len(inputs), dtype, shape, **attributes)
    return program(inputs, (), [node], [("y", len(inputs))])


def state_of(made: dict) -> dict:
    """The tensors of a program's state."""
    return {v["name"]: (v["dtype"], v["shape"]) for v in made["state"]}


# --- files that hold programs -----------------------------------------------------------------------------------------


def model(made: dict | str, tensors: dict | None = None, **more: str) -> bytes:
    """A model file of a program, or of the text of one, whose state is then that of `counter`."""
    written = made if isinstance(made, str) else text(made)
    if tensors is None:
        tensors = state_of(counter() if isinstance(made, str) else made)
    return file({"format": "paragon-model", "program": written, **more}, tensors)


def job(made: dict, settings: dict | str, data: dict, state: dict | None = None, **more: str) -> bytes:
    """A training job; `data` by input."""
    written = settings if isinstance(settings, str) else text(settings)
    tensors = (state_of(made) if state is None else state) | {f"data.{name}": spec for name, spec in data.items()}
    return file({"format": "paragon-job", "program": text(made), "job": written, **more}, tensors)


def vectors(cases: list | str, tensors: dict, **more: str) -> bytes:
    written = cases if isinstance(cases, str) else text(cases)
    return file({"format": "paragon-vectors", "cases": written, **more}, tensors)

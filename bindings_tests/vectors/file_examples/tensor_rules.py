"""Section 3 of docs/files.md: the safetensors file itself."""

from collections.abc import Iterator

from .build import Example, entries, file, raw, text


def entry(begin, end, shape=(1,), dtype="F32", **more) -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end], **more}


PLAIN, FOUR = entries({"x": ("f32", [1])})
ENTRY = PLAIN["x"]


def examples() -> Iterator[Example]:
    yield from _frame()
    yield from _metadata()
    yield from _entries()
    yield from _data()


def _frame() -> Iterator[Example]:
    def example(accept: bool, name: str, data: bytes) -> Example:
        return Example(accept, f"header-{name}", "safetensors: the header", data)

    header = text(PLAIN)
    yield example(True, "plain", raw(header, FOUR))
    yield example(True, "empty-object", raw("{}"))
    yield example(True, "spaces-at-the-end", raw(header + " " * 61, FOUR))
    yield example(True, "white-space-inside", raw(header.replace(":", " :\n\t"), FOUR))
    yield example(True, "odd-length", raw(header + " " * (len(header) % 2 == 0), FOUR))
    yield example(False, "empty-file", b"")
    yield example(False, "seven-bytes", b"\0" * 7)
    yield example(False, "length-zero", raw(""))
    yield example(False, "length-zero-and-text", raw("{}", length=0))
    yield example(False, "length-one", raw("{"))
    yield example(False, "length-beyond-the-file", raw(header, FOUR, len(header) + 5))
    yield example(False, "length-one-short", raw(header, FOUR, len(header) - 1))
    yield example(False, "length-one-long", raw(header, FOUR, len(header) + 1))
    for label, length in (
        ("2-31", 2**31),
        ("2-32", 2**32 + len(header)),
        ("2-63", 2**63),
        ("most", 2**64 - 1),
        ("limit", 100_000_001),
    ):
        yield example(False, f"length-{label}", raw(header, FOUR, length))
    yield example(False, "big-endian", len(header).to_bytes(8, "big") + header.encode() + FOUR)
    for label, space in (("space", " "), ("line-feed", "\n"), ("tab", "\t")):
        yield example(False, f"{label}-before", raw(space + header, FOUR))
    for label, rest in (
        ("line-feed", "\n"),
        ("tab", "\t"),
        ("nul", "\0"),
        ("letter", "x"),
        ("brace", "}"),
        ("spaces-and-line-feed", "  \n"),
        ("object", "{}"),
    ):
        yield example(False, f"{label}-after", raw(header + rest, FOUR))
    yield example(False, "line-feed-before-spaces", raw(header + "\n  ", FOUR))
    for label, value in (
        ("list", "[]"),
        ("null", "null"),
        ("string", '"x"'),
        ("number", "1"),
        ("list-of-object", "[{}]"),
    ):
        yield example(False, f"is-a-{label}", raw(value))


def _metadata() -> Iterator[Example]:
    def example(accept: bool, name: str, value: str) -> Example:
        header = '{"__metadata__":' + value + "," + text(PLAIN)[1:]
        return Example(accept, f"metadata-{name}", "safetensors: __metadata__", raw(header, FOUR))

    yield example(True, "empty", "{}")
    yield example(True, "any-key", '{"":"","a\\n":"\\u0000","__proto__":"x","__metadata__":"y"}')
    for name, value in (
        ("null", "null"), ("list", "[]"), ("string", '"x"'), ("number", "1"), ("true", "true"), ("null-value", '{"a":null}'),
        ("number-value", '{"a":1}'), ("list-value", '{"a":[]}'), ("object-value", '{"a":{}}'), ("true-value", '{"a":true}'),
        ("twice", '{"a":"1","a":"1"}'), ("twice-escaped", '{"a":"1","\\u0061":"2"}'), ("lone-surrogate", '{"a":"\\ud800"}'),
        ("key-lone-surrogate", '{"\\udc00":"a"}'), ("entry", text(ENTRY)),
    ):  # fmt: skip
        yield example(False, name, value)
    yield Example(
        True, "metadata-last", "safetensors: __metadata__", raw(text({**PLAIN, "__metadata__": {"a": "b"}}), FOUR)
    )
    twice = '{"__metadata__":{},"__metadata__":{},' + text(PLAIN)[1:]
    yield Example(False, "metadata-two", "safetensors: __metadata__", raw(twice, FOUR))


def _entries() -> Iterator[Example]:
    def example(accept: bool, name: str, item, data: bytes = FOUR) -> Example:
        written = item if isinstance(item, str) else text(item)
        return Example(accept, f"entry-{name}", "safetensors: entries", raw('{"x":' + written + "}", data))

    yield example(True, "in-another-order", dict(reversed(ENTRY.items())))
    for key in ENTRY:
        yield example(False, f"without-{key}", {k: v for k, v in ENTRY.items() if k != key})
        yield example(False, f"null-{key}", {**ENTRY, key: None})
        yield example(False, f"twice-{key}", text(ENTRY)[:-1] + f',"{key}":{text(ENTRY[key])}}}')
    yield example(False, "unknown-member", {**ENTRY, "strides": [1]})
    yield example(False, "unknown-prototype", text(ENTRY)[:-1] + ',"__proto__":{}}')
    yield example(False, "name-of-another-case", {"Dtype" if k == "dtype" else k: v for k, v in ENTRY.items()})
    for label, item in (("null", None), ("list", []), ("string", "x"), ("empty", {})):
        yield example(False, label, item)
    for dtype in ("I32", "U32", "f32", "F64", "F16", "BF16", "I64", "U8", "BOOL", "", 32):
        yield example(dtype in ("I32", "U32"), f"dtype-{dtype if dtype != '' else 'empty'}", {**ENTRY, "dtype": dtype})
    yield example(False, "dtype-half-of-two", {**ENTRY, "dtype": "F16", "shape": [2]})
    for label, shape in (
        ("scalar", []), ("rank-8", [1] * 8), ("rank-9", [1] * 9), ("fraction", [1.0]), ("exponent", "1e0"), ("string", ["1"]),
        ("true", [True]), ("null", [None]), ("nested", [[1]]), ("number", 1), ("negative", [-1]), ("negative-pair", [-1, -1]),
        ("minus-zero", "-0"), ("2-64-plus-1", [2**64 + 1]), ("2-32-plus-1", [2**32 + 1]), ("wrapping", [2**32, 2**32, 1]),
    ):  # fmt: skip
        item = (
            {**ENTRY, "shape": shape}
            if not isinstance(shape, str)
            else text({**ENTRY, "shape": []}).replace("[]", f"[{shape}]")
        )
        yield example(label in ("scalar", "rank-8"), f"shape-{label}", item, b"" if label == "minus-zero" else FOUR)
    for label, shape, accept in (
        ("largest", [2**31 - 1, 0], True), ("largest-seven", [2**31 - 1] * 7 + [0], True), ("2-31", [0, 2**31], False),
        ("rank-9", [0] * 9, False), ("rank-8", [0] * 8, True),
    ):  # fmt: skip
        yield example(accept, f"empty-shape-{label}", entry(0, 0, shape), b"")
    for label, offsets in (
        ("one", [0]), ("three", [0, 4, 4]), ("none", []), ("object", {"0": 0, "1": 4}), ("strings", ["0", "4"]),
        ("fraction", [0, 4.0]),
        ("exponent", "[0,4e0]"), ("minus-zero", "[-0,4]"), ("true", [False, 4]), ("null", [None, 4]), ("negative", [-4, 0]),
        ("reversed", [4, 0]), ("nested", [[0, 4]]), ("too-many-bytes", [0, 8]), ("too-few-bytes", [0, 3]), ("beyond", [4, 8]),
        ("2-53", [2**53, 2**53 + 4]), ("2-63", [2**63 - 4, 2**63]), ("2-64", [2**64, 2**64 + 4]), ("leading-zero", "[00,4]"),
    ):  # fmt: skip
        item = (
            {**ENTRY, "data_offsets": offsets}
            if not isinstance(offsets, str)
            else text({**ENTRY, "data_offsets": 7}).replace("7", offsets)
        )
        yield example(False, f"offsets-{label}", item)


def _data() -> Iterator[Example]:
    def example(accept: bool, name: str, header, data: bytes) -> Example:
        written = header if isinstance(header, str) else text(header)
        return Example(accept, f"data-{name}", "safetensors: data, names of tensors", raw(written, data))

    a, b = entry(0, 4), entry(4, 8)
    eight = bytes(8)
    yield example(True, "two", {"a": a, "b": b}, eight)
    yield example(True, "header-in-another-order", {"b": b, "a": a}, eight)
    yield example(True, "names-in-another-order", {"a": b, "b": a}, eight)
    yield example(False, "one-byte-more", {"a": a}, bytes(5))
    yield example(False, "four-bytes-more", {"a": a}, eight)
    yield example(False, "one-byte-less", {"a": a}, bytes(3))
    yield example(False, "none", {"a": a}, b"")
    yield example(False, "without-tensors", {}, FOUR)
    yield example(False, "hole-before", {"a": b}, eight)
    yield example(False, "hole-between", {"a": a, "b": entry(8, 12)}, bytes(12))
    yield example(False, "same-place", {"a": a, "b": a}, FOUR)
    yield example(False, "same-place-long-file", {"a": a, "b": a}, eight)
    yield example(False, "overlap", {"a": entry(0, 8, [2]), "b": entry(4, 12, [2])}, bytes(12))
    yield example(False, "unaligned-overlap", {"a": a, "b": entry(3, 7)}, bytes(7))
    nothing = entry(4, 4, [0])
    yield example(True, "empty-tensor-between", {"a": a, "z": nothing, "b": b}, eight)
    yield example(True, "empty-tensor-first", {"b": entry(0, 0, [3, 0]), "a": a}, FOUR)
    yield example(True, "empty-tensor-last", {"a": a, "z": nothing}, FOUR)
    yield example(True, "many-empty-tensors", {str(i): entry(0, 0, [0]) for i in range(5)}, b"")
    yield example(False, "empty-tensor-inside", {"a": entry(0, 8, [2]), "z": nothing}, eight)
    yield example(False, "empty-tensor-beyond", {"a": a, "z": entry(8, 8, [0])}, FOUR)
    yield example(False, "empty-tensor-with-bytes", {"z": entry(0, 4, [0])}, FOUR)
    yield example(False, "name-twice", text({"a": a})[:-1] + ',"a":' + text(b) + "}", eight)
    yield example(False, "name-twice-same-entry", text({"a": a})[:-1] + ',"a":' + text(a) + "}", FOUR)
    yield example(False, "name-twice-escaped", text({"a": a})[:-1] + ',"\\u0061":' + text(b) + "}", eight)
    yield example(False, "name-lone-surrogate", '{"\\ud800":' + text(a) + "}", FOUR)
    names = {
        "": 0,
        "\n": 1,
        "\0": 2,
        "__proto__": 3,
        "constructor": 4,
        "x" * 300: 5,
        "\u0085": 6,
        "a/b": 7,
        "\U0001f600": 8,
    }
    yield example(True, "names", {name: entry(4 * i, 4 * i + 4) for name, i in names.items()}, bytes(36))
    yield Example(
        True,
        "data-of-all-dtypes",
        "safetensors: data, names of tensors",
        file(None, {d: (d, [2]) for d in ("f32", "i32", "u32")}),
    )

"""Section 2 of docs/files.md: programs, each in a model file."""

import copy
from collections.abc import Iterator

from .build import Example, counter, model, one, operation, program, text, variable

PLAIN = text(counter())
MOST = 2**31 - 1


def examples() -> Iterator[Example]:
    yield from _integers()
    yield from _members()
    yield from _names()
    yield from _values()
    yield from _shapes()
    yield from _attributes()
    yield from _windows()


def changed(path: str, value) -> dict:
    """`counter` with one place changed."""
    made = copy.deepcopy(counter())
    *way, last = [int(p) if p.isdigit() else p for p in path.split("/")]
    place = made
    for part in way:
        place = place[part]
    place[last] = value
    return made


def _integers() -> Iterator[Example]:
    def example(accept: bool, name: str, old: str, new: str) -> Example:
        assert PLAIN.count(old) >= 1
        return Example(accept, f"integer-{name}", "JSON: integers", model(PLAIN.replace(old, new, 1)))

    yield Example(True, "integer-plain", "JSON: integers", model(PLAIN))
    for key in ("version", "contract"):
        for name, new in (
            ("fraction", "1.0"), ("exponent", "1e0"), ("scaled", "10e-1"), ("string", '"1"'), ("true", "true"), ("two", "2"),
            ("zero", "0"), ("null", "null"), ("list", "[1]"), ("negative", "-1"), ("beyond-2-32", str(2**32 + 1)),
            ("beyond-2-64", str(2**64 + 1)),
        ):  # fmt: skip
            yield example(False, f"{key}-{name}", f'"{key}":1', f'"{key}":{new}')
    for place, old in (
        ("dimension", '"shape":[2]'),
        ("operand", '"inputs":[0,1]'),
        ("output", '"output":2'),
        ("value", '"value":2'),
    ):
        last = old[-2] if old.endswith("]") else old[-1]
        for name, new in (
            ("fraction", f"{last}.0"), ("exponent", f"{last}e0"), ("string", f'"{last}"'), ("null", "null"), ("true", "true"),
            ("negative", f"-{last}"), ("plus-2-32", str(int(last) + 2**32)), ("plus-2-64", str(int(last) + 2**64)),
        ):  # fmt: skip
            changed_text = old[: old.rindex(last)] + new + old[old.rindex(last) + 1 :]
            yield example(False, f"{place}-{name}", old, changed_text)
    yield example(False, "dimension-minus-zero", '"shape":[2]', '"shape":[-0]')
    yield example(False, "operand-minus-zero", '"inputs":[0,1]', '"inputs":[-0,1]')
    yield example(False, "value-2-53", '"value":2', f'"value":{2**53 + 1}')


def _members() -> Iterator[Example]:
    def example(accept: bool, name: str, made) -> Example:
        return Example(accept, f"program-{name}", "Programs: members", model(made, {"w": ("f32", [2])}))

    yield example(True, "plain", counter())
    yield example(True, "meta-empty", counter(meta={}))
    for name, meta in (("null", None), ("list", []), ("text", "text"), ("number", 1)):
        yield example(False, f"meta-{name}", counter(meta=meta))
    yield example(False, "unknown", counter(comment="none"))
    yield example(False, "unknown-prototype", PLAIN[:-1] + ',"__proto__":1}')
    yield example(False, "capital", PLAIN.replace('"version"', '"Version"'))
    for key in counter():
        yield example(False, f"without-{key}", {k: v for k, v in counter().items() if k != key})
        yield example(False, f"null-{key}", changed(key, None))
    for key in ("inputs", "state", "operations", "outputs", "updates"):
        yield example(False, f"object-{key}", changed(key, {}))
        yield example(False, f"{key}-of-null", changed(key, [None]))
        yield example(False, f"{key}-of-lists", changed(key, [[]]))
        item = counter()[key][0]
        yield example(False, f"{key}-unknown", changed(f"{key}/0/more", 1))
        for field in item:
            yield example(
                False, f"{key}-without-{field}", changed(f"{key}/0", {k: v for k, v in item.items() if k != field})
            )
            yield example(False, f"{key}-null-{field}", changed(f"{key}/0/{field}", None))
    for value in ("paragon-model", "", 1):
        yield example(False, f"format-{value or 'empty'}", changed("format", value))
    for value in ("F32", "f64", "", 0):
        yield example(False, f"dtype-{'empty' if value == '' else value}", changed("inputs/0/dtype", value))
    for name, value in (
        ("Add", "Add"),
        ("method", "toString"),
        ("constructor", "constructor"),
        ("prototype", "__proto__"),
        ("empty", ""),
        ("number", 3),
    ):
        yield example(False, f"op-{name}", changed("operations/0/op", value))
    yield example(False, "attributes-list", changed("operations/0/attributes", []))
    yield example(False, "attributes-unknown", changed("operations/0/attributes", {"panel": 256}))
    yield example(False, "attributes-prototype", PLAIN.replace('"attributes":{}', '"attributes":{"__proto__":{}}'))
    yield example(False, "inputs-object", changed("operations/0/inputs", {}))


def _names() -> Iterator[Example]:
    def named(accept: bool, label: str, name: str) -> Iterator[Example]:
        """As the name of an input, a state and an output."""
        made = program([variable(name)], [variable("w")], (), [(name, 0)])
        yield Example(accept, f"name-{label}", "Programs: names", model(made))
        if not accept:
            for kind, bad in (
                ("state", program([], [variable(name)])),
                ("output", program([variable("x")], (), (), [(name, 0)])),
            ):
                yield Example(False, f"name-{label}-{kind}", "Programs: names", model(bad))

    for label, name in (
        ("one-byte", "x"), ("space", " "), ("255-bytes", "x" * 255), ("255-bytes-of-two", "\u00e9" * 127 + "x"),
        ("no-break-space", "\u00a0"), ("slash", "../a/b"), ("prototype", "__proto__"), ("constructor", "constructor"),
        ("length", "length"), ("combining", "e\u0301"), ("line-separator", "\u2028"), ("bidirectional", "\u202e"),
        ("noncharacter", "\uffff"), ("emoji", "\U0001f600"), ("quote", '"\\'), ("byte-order-mark", "\ufeff"),
        ("tag", "\U000e0001"), ("private", "\ue000"), ("digits", "0"),
    ):  # fmt: skip
        yield from named(True, label, name)
    for label, name in (
        ("empty", ""), ("256-bytes", "x" * 256), ("256-bytes-of-two", "\u00e9" * 128), ("nul", "a\0"), ("tab", "\t"),
        ("line-feed", "a\nb"), ("unit-separator", "\x1f"), ("delete", "\x7f"), ("u0080", "\x80"), ("next-line", "a\x85"),
        ("u009f", "\x9f"),
    ):  # fmt: skip
        yield from named(False, label, name)
    metadata = program([variable("__metadata__")], (), (), [("__metadata__", 0)])
    yield Example(True, "name-metadata", "Programs: names", model(metadata))
    twice = [variable("x"), variable("x")]
    for label, made in (
        ("inputs", program(twice)), ("input-and-state", program([variable("x")], [variable("x")])),
        ("outputs", program([variable("x")], (), (), [("y", 0), ("y", 0)])), ("state", program((), twice)),
    ):  # fmt: skip
        yield Example(False, f"name-twice-{label}", "Programs: names", model(made))
    escaped = text(program([variable("x"), variable("QQ")])).replace("QQ", r"\u0078")
    yield Example(False, "name-twice-escaped", "Programs: names", model(escaped, {}))
    apart = program([variable("\u00e9"), variable("e\u0301")], [variable("E")], (), [("E", 0)])
    yield Example(True, "name-composed-and-decomposed", "Programs: names", model(apart))
    yield Example(False, "name-number", "Programs: names", model(changed("inputs/0/name", 1)))


def _values() -> Iterator[Example]:
    def example(accept: bool, name: str, made) -> Example:
        return Example(accept, f"value-{name}", "Programs: operations, outputs, updates", model(made))

    yield example(True, "nothing-at-all", program())
    yield example(True, "no-outputs", changed("outputs", []))
    yield example(True, "two-outputs-of-one", changed("outputs", [{"name": n, "value": 2} for n in "ab"]))
    yield example(True, "output-is-input", changed("outputs/0/value", 0))
    yield example(True, "update-is-input", changed("updates/0/value", 0))
    yield example(False, "operand-itself", changed("operations/0/inputs", [0, 2]))
    yield example(False, "operand-later", changed("operations/0/inputs", [0, 3]))
    yield example(False, "output-number-low", changed("operations/0/output", 1))
    yield example(False, "output-number-high", changed("operations/0/output", 3))
    yield example(False, "output-of-nothing", changed("outputs/0/value", 3))
    yield example(False, "update-of-nothing", changed("updates/0/value", 3))
    yield example(False, "update-of-no-state", changed("updates/0/state", "x"))
    yield example(False, "update-twice", changed("updates", [{"state": "w", "value": v} for v in (0, 2)]))
    other = program([variable("x", "i32"), variable("z", "f32", [3])], [variable("w")], (), ())
    for value, what in ((0, "dtype"), (1, "shape")):
        yield example(False, f"update-of-another-{what}", other | {"updates": [{"state": "w", "value": value}]})
    yield example(False, "stated-dtype", changed("operations/0/dtype", "i32"))
    yield example(False, "stated-shape", changed("operations/0/shape", [1]))
    yield example(False, "too-few-operands", changed("operations/0/inputs", [0]))
    yield example(False, "too-many-operands", changed("operations/0/inputs", [0, 1, 1]))
    f32, i32 = ("f32", [2]), ("i32", [2])
    yield example(False, "mixed-dtypes", one("add", [f32, i32], "f32", [2]))
    yield example(False, "dtype-of-the-operation", one("exp", [i32], "i32", [2]))
    yield example(False, "abs-of-u32", one("abs", [("u32", [2])], "u32", [2]))
    yield example(False, "no-broadcast", one("add", [("f32", [2]), ("f32", [3])], "f32", [3]))
    yield example(True, "broadcast-with-nothing", one("add", [("f32", [1]), ("f32", [0])], "f32", [0]))
    yield example(False, "nothing-with-two", one("add", [("f32", [2]), ("f32", [0])], "f32", [0]))
    yield example(True, "select", one("select", [("u32", [2]), f32, ("f32", [])], "f32", [2]))
    yield example(False, "select-mixed", one("select", [f32, f32, i32], "f32", [2]))
    yield example(False, "concat-of-nothing", one("concat", [], "f32", [0], axis=0))
    yield example(True, "concat-of-one", one("concat", [f32], "f32", [2], axis=0))
    yield example(False, "concat-of-scalars", one("concat", [("f32", []), ("f32", [])], "f32", [2], axis=0))


def _shapes() -> Iterator[Example]:
    def example(accept: bool, name: str, shape) -> Example:
        return Example(accept, f"shape-{name}", "Programs: shapes", model(program([variable("x", "f32", shape)])))

    yield example(True, "scalar", [])
    yield example(True, "rank-8", [1] * 8)
    yield example(True, "largest", [MOST])
    yield example(True, "largest-but-empty", [MOST] * 7 + [0])
    yield example(True, "empty-first", [0] + [MOST] * 7)
    yield example(True, "most-elements", [1, MOST, 1])
    yield example(False, "rank-9", [1] * 9)
    yield example(False, "rank-9-empty", [0] * 9)
    yield example(False, "dimension-2-31", [2**31])
    yield example(False, "dimension-2-31-empty", [0, 2**31])
    yield example(False, "elements-2-31", [2**16, 2**15])
    yield example(False, "elements-2-32", [2**16, 2**16])
    yield example(False, "elements-2-64", [2**16] * 4)
    yield example(False, "elements-wrapping-to-one", [3, 2**31 - 1, 2**30, 5])
    for label, value in (
        ("number", 2), ("text", "2"), ("object", {"0": 2}), ("nested", [[2]]), ("with-null", [2, None]), ("with-false", [False]),
    ):  # fmt: skip
        yield Example(False, f"shape-form-{label}", "Programs: shapes", model(changed("inputs/0/shape", value)))
    # A result beyond the limits.
    big = ("f32", [2**16])
    yield Example(False, "shape-result-too-large", "Programs: shapes", model(
        one("add", [("f32", [2**16, 1]), big], "f32", [2**16, 2**16])
    ))  # fmt: skip
    nine = one("gather", [("f32", [1] * 8), ("i32", [1, 1])], "f32", [1] * 9, axis=0)
    yield Example(False, "shape-result-rank-9", "Programs: shapes", model(nine))


def _attributes() -> Iterator[Example]:
    def example(accept: bool, name: str, made) -> Example:
        return Example(accept, f"attribute-{name}", "Programs: attributes", model(made, {}))

    x, m = ("f32", [2, 3]), ("f32", [2, 2])
    for label, value, accept in (
        ("2", 2, True), ("most", MOST, True), ("null", None, True), ("1", 1, False), ("0", 0, False), ("negative", -1, False),
        ("2-31", 2**31, False), ("2-53", 2**53 + 1, False), ("2-63", 2**63, False), ("2-64", 2**64 + 2, False),
        ("fraction", 2.0, False), ("true", True, False), ("text", "256", False), ("list", [2], False),
    ):  # fmt: skip
        made = one("sum", [x], "f32", [3], axes=[0], keepdims=False, panel=value)
        yield example(accept, f"panel-{label}", made)
    yield example(
        False,
        "panel-exponent",
        text(one("matmul", [m, m], "f32", [2, 2], transpose_a=False, transpose_b=False, panel=2)).replace(
            '"panel":2', '"panel":2e0'
        ),
    )
    for key in ("transpose_a", "transpose_b"):
        for value in (0, 1, None, "true"):
            flags = {"transpose_a": True, "transpose_b": False, "panel": None, key: value}
            yield example(False, f"{key}-{text(value).strip(chr(34))}", one("matmul", [m, m], "f32", [2, 2], **flags))
    for label, axes, accept in (
        ("none", [], True), ("both", [0, 1], True), ("descending", [1, 0], False), ("twice", [0, 0], False), ("beyond", [2], False),
        ("negative", [-1], False), ("number", 0, False), ("null", None, False), ("true", [True], False), ("fraction", [0.0], False),
    ):  # fmt: skip
        shape = [n for i, n in enumerate([2, 3]) if not isinstance(axes, list) or i not in axes]
        yield example(accept, f"axes-{label}", one("max", [x], "f32", shape, axes=axes, keepdims=False))
    for label, axis, accept in (
        ("first", 0, True), ("last", 1, True), ("beyond", 2, False), ("negative", -1, False), ("null", None, False),
        ("true", True, False), ("fraction", 0.0, False), ("text", "0", False), ("2-32", 2**32, False),
    ):  # fmt: skip
        made = one("argmax", [("f32", [2, 2])], "i32", [2], axis=axis, keepdims=False)
        yield example(accept, f"axis-{label}", made)
    yield example(False, "argmax-of-nothing", one("argmax", [("f32", [0])], "i32", [], axis=0, keepdims=False))
    yield example(False, "missing", one("argmax", [x], "i32", [2], axis=1))
    yield example(False, "too-many", one("argmax", [x], "i32", [2], axis=1, keepdims=False, panel=2))
    for word in (
        "3f800000",
        "FFFFFFFF",
        "3F800000",
        "3f80000",
        "3f8000000",
        "0x3f8000",
        "3f80000g",
        "",
        "+3f80000",
        " 3f80000",
        "-3f80000",
        "3f_80000",
    ):
        label = word.replace("+", "plus-").replace(" ", "space-").replace("-", "minus-") or "empty"
        yield example(
            word == "3f800000", f"word-{label}", one("constant", [], "f32", [2], dtype="f32", shape=[2], word=word)
        )
    yield example(False, "word-number", one("constant", [], "f32", [2], dtype="f32", shape=[2], word=10000000))
    yield example(True, "word-beyond-2-31", one("constant", [], "i32", [2], dtype="i32", shape=[2], word="ffffffff"))
    for choice in ("lt", "LT", "", "gte", 0, "constructor"):
        yield example(
            choice == "lt",
            f"how-{choice if choice != '' else 'empty'}",
            one("compare", [x, x], "i32", [2, 3], how=choice),
        )
    for choice in ("f16", "f8", None):
        yield example(choice == "f16", f"format-{choice}", one("round_to", [x], "f32", [2, 3], format=choice))
    for dtype in ("u32", "U32", None):
        yield example(dtype == "u32", f"dtype-{dtype}", one("cast", [x], "u32", [2, 3], dtype=dtype))
    u2, u0 = ("u32", [2]), ("u32", [])
    for key, value, accept in (
        ("stream", 0, True), ("stream", 2**32 - 1, True), ("stream", 2**32, False), ("stream", -1, False),
        ("stream", 2**64, False), ("stream", 1.0, False), ("width", 1, True), ("width", 32, True), ("width", 0, False),
        ("width", 33, False), ("width", 32.0, False), ("shape", [2**31], False), ("shape", None, False),
    ):  # fmt: skip
        settings = {"stream": 0, "shape": [4], "width": 32, key: value}
        label = text(value).translate({ord(c): "-" for c in "[]."}).strip("-")
        kind = "-fraction" if isinstance(value, float) else "-negative" if value == -1 else ""
        yield example(accept, f"{key}-{label}{kind}", one("bits", [u2, u0], "u32", [4], **settings))
    for seed, step in ((("u32", [3]), u0), (("i32", [2]), u0), (u2, ("u32", [1]))):
        yield example(
            False,
            f"bits-of-{seed[0]}-{seed[1][0]}-{len(step[1])}",
            one("bits", [seed, step], "u32", [4], stream=0, shape=[4], width=32),
        )
    i = ("i32", [2])
    for size, accept in (
        (0, True),
        (5, True),
        (MOST, True),
        (2**31, False),
        (-1, False),
        ([2, 2], False),
        (5.0, False),
    ):
        shape = [size if isinstance(size, int) and size >= 0 else 5]
        made = one("scatter_add", [("f32", [2]), i], "f32", shape, axis=0, size=size, panel=None)
        yield example(
            accept,
            f"size-{text(size).translate({ord(c): '-' for c in '[],.'}).strip('-')}{'-negative' if size == -1 else ''}",
            made,
        )
    for depth, accept in ((0, True), (3, True), (2**31, False), (-1, False), (None, False)):
        shape = [2, depth if depth is not None and depth >= 0 else 3]
        yield example(accept, f"depth-{depth}", one("one_hot", [i], "f32", shape, depth=depth))
    lists = {"start": [0, 1], "stop": [2, 3], "step": [1, 2]}
    for label, change, accept in (
        ("plain", {}, True), ("step-largest", {"step": [MOST, MOST]}, True), ("step-zero", {"step": [0, 1]}, False),
        ("step-2-31", {"step": [2**31, 2]}, False), ("stop-beyond", {"stop": [3, 3]}, False),
        ("start-beyond-stop", {"start": [2, 3], "stop": [1, 3]}, False), ("start-negative", {"start": [-1, 1]}, False),
        ("too-short", {"start": [0]}, False), ("too-long", {"start": [0, 1, 0]}, False), ("number", {"start": 0}, False),
        ("fraction", {"start": [0.0, 1]}, False),
    ):  # fmt: skip
        shape = [1, 1] if accept else [2, 1]
        shape = {"plain": [2, 1], "step-2-31": [1, 1]}.get(label, shape)
        yield example(accept, f"slice-{label}", one("slice", [x], "f32", shape, **(lists | change)))
    sides = {"low": [0], "high": [1], "interior": [2], "word": "00000000"}
    for label, change, shape, accept in (
        ("plain", {}, [5], True), ("low-largest", {"low": [MOST - 5]}, [MOST], True), ("beyond", {"low": [MOST]}, [MOST], False),
        ("negative", {"high": [-1]}, [3], False), ("interior-beyond", {"interior": [MOST]}, [MOST], False),
    ):  # fmt: skip
        yield example(accept, f"pad-{label}", one("pad", [("f32", [2])], "f32", shape, **(sides | change)))
    for label, interior, accept in (("largest", MOST, True), ("2-31", 2**31, False), ("2-63", 2**63 - 1, False)):
        made = one("pad", [("f32", [1])], "f32", [2], **(sides | {"interior": [interior]}))
        yield example(accept, f"pad-interior-{label}", made)
    for label, shape, accept in (
        ("plain", [3, 2], True),
        ("another-size", [3, 3], False),
        ("negative", [-3, -2], False),
        ("unknown", [-1], False),
        ("2-31", [0, 2**31], False),
    ):
        yield example(accept, f"reshape-{label}", one("reshape", [x], "f32", shape, shape=shape))
    for label, axes, accept in (
        ("plain", [1, 0], True),
        ("twice", [0, 0], False),
        ("short", [0], False),
        ("beyond", [1, 2], False),
        ("negative", [-1, 0], False),
    ):
        yield example(accept, f"transpose-{label}", one("transpose", [x], "f32", [3, 2], axes=axes))
    for label, shape, accept in (
        ("plain", [4, 2, 3], True),
        ("shorter", [3], False),
        ("cut", [2, 1], False),
        ("rank-9", [1] * 7 + [2, 3], False),
    ):
        yield example(accept, f"broadcast-{label}", one("broadcast", [x], "f32", shape, shape=shape))
    points = ("f32", [3, 2])
    for n, accept in ((4, True), (5, True), (6, False), (0, False), (4.0, False), (2**24 + 1, False)):
        shape = [n if isinstance(n, int) else 4]
        yield example(accept, f"n-{str(n).replace('.', '-')}", one("irfft", [points], "f32", shape, norm="ortho", n=n))
    for norm in ("forward", "none", None):
        yield example(norm == "forward", f"norm-{norm}", one("fft", [points], "f32", [3, 2], norm=norm))
    yield example(False, "fft-of-nothing", one("fft", [("f32", [0, 2])], "f32", [0, 2], norm="ortho"))
    yield example(True, "fft-most-points", one("fft", [("f32", [2**24, 2])], "f32", [2**24, 2], norm="ortho"))
    yield example(
        False, "fft-too-many-points", one("fft", [("f32", [2**24 + 1, 2])], "f32", [2**24 + 1, 2], norm="ortho")
    )
    scalar = ("f32", [])
    for reverse in (True, 1, None):
        made = one("scan", [("f32", [3]), ("f32", [3]), scalar], "f32", [3], axis=0, reverse=reverse)
        yield example(reverse is True, f"reverse-{text(reverse)}", made)
    twice = text(one("sum", [x], "f32", [3], axes=[0], keepdims=False, panel=2)).replace(
        '"panel":2', '"panel":2,"panel":2'
    )
    yield example(False, "twice", twice)
    hidden = program([variable("x")], (), [operation("neg", [0], 1, "f32", [2])])
    hidden["operations"][0]["attributes"] = None
    yield example(False, "null", hidden)


def _windows() -> Iterator[Example]:
    def example(accept: bool, name: str, image, shape, **change) -> Example:
        settings = {"kernel": [1, 1], "stride": [1, 1], "padding": [0, 0, 0, 0], "dilation": [1, 1], **change}
        made = one("unfold", [("f32", image)], "f32", shape, **settings)
        return Example(accept, f"unfold-{name}", "Programs: attributes", model(made))

    image = [1, 2, 4, 4]
    yield example(True, "plain", image, [1, 2, 2, 8], kernel=[2, 2], stride=[2, 2])
    yield example(True, "stride-largest", image, [1, 1, 1, 2], stride=[MOST, MOST])
    yield example(False, "stride-2-31", image, [1, 1, 4, 2], stride=[2**31, 1])
    yield example(False, "stride-2-63", image, [1, 1, 1, 2], stride=[2**63 - 1, 2**63 - 1])
    yield example(False, "stride-2-64", image, [1, 1, 4, 2], stride=[2**64, 1])
    yield example(False, "stride-zero", image, [1, 1, 1, 2], stride=[0, 1])
    yield example(True, "dilation-largest", image, [1, 4, 4, 2], dilation=[MOST, MOST])
    yield example(False, "dilation-2-31", image, [1, 4, 4, 2], dilation=[2**31, 1])
    yield example(False, "kernel-zero", image, [1, 5, 5, 0], kernel=[0, 0])
    yield example(False, "kernel-larger-than-image", image, [1, 1, 1, 50], kernel=[5, 5])
    yield example(False, "padding-negative", image, [1, 3, 4, 2], padding=[-1, 0, 0, 0])
    yield example(False, "padding-three", image, [1, 4, 4, 2], padding=[0, 0, 0])
    yield example(False, "padding-fraction", image, [1, 4, 4, 2], padding=[0.0, 0, 0, 0])
    tall = {"kernel": [MOST, MOST], "padding": [MOST, 0, MOST, 0]}
    yield example(True, "padding-largest", [0, 1, 0, 0], [0, MOST, MOST, 1], padding=[MOST, 0, MOST, 0])
    yield example(False, "kernel-largest", [0, 2, 0, 0], [0, 1, 1, MOST], **tall)
    yield example(
        False, "kernel-product-wraps", [0, 16, 0, 0], [0, 1, 1, 0], kernel=[2**30, 2**30], padding=[2**30, 0, 2**30, 0]
    )
    yield example(True, "no-channels", [0, 0, 0, 0], [0, 1, 1, 0], **tall)
    yield example(False, "rank-3", [1, 4, 4], [1, 4, 4, 1])
    fold = {"size": [4, 4], "kernel": [2, 2], "stride": [2, 2], "padding": [0] * 4, "dilation": [1, 1], "panel": 256}
    windows = ("f32", [1, 2, 2, 8])
    for name, change, shape, accept in (
        ("plain", {}, [1, 2, 4, 4], True), ("size-2-31", {"size": [2**31, 4]}, [1, 2, 2**31, 4], False),
        ("size-number", {"size": 4}, [1, 2, 4, 4], False), ("size-other", {"size": [6, 4]}, [1, 2, 6, 4], False),
        ("panel-2-31", {"panel": 2**31}, [1, 2, 4, 4], False), ("kernel-other", {"kernel": [2, 3]}, [1, 1, 4, 4], False),
    ):  # fmt: skip
        yield Example(
            accept,
            f"fold-{name}",
            "Programs: attributes",
            model(one("fold", [windows], "f32", shape, **(fold | change))),
        )

"""Section 4 of docs/files.md: models, jobs, vectors, tensors."""

from collections.abc import Iterator

from .build import Example, counter, file, job, model, operation, program, raw, text, variable, vectors

STATE = {"w": ("f32", [2])}
SETTINGS = {"steps": 3, "batch": 2, "seed": [1, 0]}


def examples() -> Iterator[Example]:
    yield from _tensors()
    yield from _models()
    yield from _schedules()
    yield from _data()
    yield from _vectors()


def _tensors() -> Iterator[Example]:
    def example(name: str, metadata) -> Example:
        return Example(True, f"tensors-{name}", "Kinds: any other", file(metadata, {"x": ("f32", [2])}))

    yield example("without-metadata", None)
    yield example("without-format", {"program": "not one", "cases": "", "job": "{"})
    for name in (
        "pt",
        "paragon-run",
        "paragon-checkpoint",
        "Paragon-Model",
        "paragon-model ",
        "paragon-models",
        "",
        "constructor",
    ):
        label = name.replace(" ", "-space") or "empty"
        yield example(
            f"format-{label.replace('P', 'capital-p').replace('M', 'capital-m')}", {"format": name, "program": "{"}
        )


def _models() -> Iterator[Example]:
    def example(accept: bool, name: str, data: bytes) -> Example:
        return Example(accept, f"model-{name}", "Kinds: a model", data)

    w, v = ("f32", [2]), ("f32", [3])
    two = program([], [variable("w"), variable("v", "f32", [3])])
    only = program([], [variable("v", "f32", [3])])
    yield example(True, "plain", model(counter()))
    yield example(True, "without-state", model(program([variable("x")], (), (), [("y", 0)])))
    yield example(True, "further-program", model(two, **{"program.part": text(only), "program.all": text(two)}))
    yield example(True, "further-without-state", model(two, **{"program.none": text(program())}))
    yield example(
        True,
        "further-names",
        model(counter(), **{f"program.{n}": text(counter()) for n in ("program", "a.b", "\u00e9", "__proto__")}),
    )
    yield example(True, "tensors-in-another-order", model(two, {"v": v, "w": w}))
    yield example(False, "further-more-state", model(only, **{"program.all": text(two)}))
    yield example(False, "further-more-state-and-tensors", model(only, {"w": w, "v": v}, **{"program.all": text(two)}))
    yield example(False, "further-another-shape", model(two, **{"program.x": text(program([], [variable("v")]))}))
    yield example(
        False, "further-another-dtype", model(two, **{"program.x": text(program([], [variable("w", "u32")]))})
    )
    yield example(False, "further-invalid", model(two, **{"program.x": "{}"}))
    yield example(False, "further-no-json", model(two, **{"program.x": "nothing"}))
    for label, name in (("empty", ""), ("control", "a\n"), ("next-line", "\u0085"), ("too-long", "x" * 256)):
        yield example(False, f"further-name-{label}", model(two, **{f"program.{name}": text(two)}))
    yield example(False, "more-metadata", model(counter(), author="somebody"))
    yield example(False, "more-metadata-like-a-program", model(counter(), programs=text(counter())))
    yield example(False, "with-job", model(counter(), job=text(SETTINGS)))
    yield example(False, "without-program", file({"format": "paragon-model"}, {}))
    yield example(False, "only-further", file({"format": "paragon-model", "program.x": text(counter())}, STATE))
    for label, tensors in (
        ("missing", {}), ("more", {"w": w, "z": w}), ("another-name", {"W": w}), ("another-dtype", {"w": ("i32", [2])}),
        ("another-shape", {"w": v}), ("another-rank", {"w": ("f32", [2, 1])}), ("empty-more", {"w": w, "z": ("f32", [0])}),
        ("with-input", {"w": w, "x": w}),
    ):  # fmt: skip
        yield example(False, f"tensors-{label}", model(counter(), tensors))
    metadata = text({"format": "paragon-model", "program": text(counter())})
    again = metadata[:-1] + ',"program":' + text(text(counter())) + "}"
    tensors = ',"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    yield example(True, "by-hand", raw('{"__metadata__":' + metadata + tensors, bytes(8)))
    yield example(False, "program-twice", raw('{"__metadata__":' + again + tensors, bytes(8)))
    formats = metadata[:-1] + ',"format":"paragon-model"}'
    yield example(False, "format-twice", raw('{"__metadata__":' + formats + tensors, bytes(8)))


def trained(*inputs: dict, outputs=(), state=None) -> dict:
    """A program for a job: its state stays as it is."""
    return program(list(inputs), [variable("w")] if state is None else state, (), outputs)


X = variable("x", "f32", [2, 3])
ROWS = {"x": ("f32", [5, 3])}


def _schedules() -> Iterator[Example]:
    def example(accept: bool, name: str, settings, data=None) -> Example:
        return Example(
            accept,
            f"job-{name}",
            "Kinds: a job, its schedule",
            job(trained(X), settings, ROWS if data is None else data),
        )

    yield example(True, "plain", SETTINGS)
    yield example(True, "in-another-order", dict(reversed(SETTINGS.items())))
    for key in SETTINGS:
        yield example(False, f"without-{key}", {k: v for k, v in SETTINGS.items() if k != key})
        yield example(False, f"null-{key}", {**SETTINGS, key: None})
        yield example(False, f"twice-{key}", text(SETTINGS)[:-1] + f',"{key}":{text(SETTINGS[key])}}}')
    yield example(False, "unknown", {**SETTINGS, "epochs": 1})
    yield example(True, "steps-one", {**SETTINGS, "steps": 1})
    yield example(True, "steps-most", {**SETTINGS, "steps": 2**31 - 1})
    for label, steps in (
        ("zero", 0),
        ("negative", -1),
        ("2-31", 2**31),
        ("2-53", 2**53 + 1),
        ("2-64", 2**64),
        ("fraction", 3.0),
        ("text", "3"),
        ("true", True),
    ):
        yield example(False, f"steps-{label}", {**SETTINGS, "steps": steps})
    for label, batch in (
        ("zero", 0),
        ("negative", -2),
        ("one", 1),
        ("three", 3),
        ("2-31", 2**31),
        ("2-32-plus-2", 2**32 + 2),
        ("fraction", 2.0),
        ("text", "2"),
    ):
        yield example(False, f"batch-{label}", {**SETTINGS, "batch": batch})
    yield example(True, "seed-most", {**SETTINGS, "seed": [2**32 - 1, 2**32 - 1]})
    for label, seed in (
        ("empty", []),
        ("one", [1]),
        ("three", [1, 0, 0]),
        ("number", 1),
        ("2-32", [2**32, 0]),
        ("negative", [-1, 0]),
        ("fraction", [1.0, 0]),
        ("text", ["1", "0"]),
        ("object", {"0": 1, "1": 0}),
    ):
        yield example(False, f"seed-{label}", {**SETTINGS, "seed": seed})
    for label, written in (
        ("empty", ""),
        ("list", "[]"),
        ("null", "null"),
        ("no-json", "three"),
        ("deep", "[" * 70 + "]" * 70),
        ("exponent", text(SETTINGS).replace(":3", ":3e0")),
    ):
        yield example(False, f"settings-{label}", written)


def _data() -> Iterator[Example]:
    def example(accept: bool, name: str, made: dict, data: dict, state=None, batch: int = 2, **more: str) -> Example:
        return Example(
            accept,
            f"job-{name}",
            "Kinds: a job, its data and state",
            job(made, {**SETTINGS, "batch": batch}, data, state, **more),
        )

    seed, y = variable("seed", "u32", [2]), variable("y", "i32", [2])
    rows = ROWS["x"]
    yield example(True, "seed-without-data", trained(X, seed), ROWS)
    yield example(True, "seed-with-data", trained(X, seed), {**ROWS, "seed": ("u32", [5])})
    yield example(True, "only-a-seed", trained(seed), {})
    yield example(True, "no-inputs", trained(), {})
    yield example(True, "no-inputs-large-batch", trained(), {}, batch=2**31 - 1)
    yield example(True, "no-state", trained(X, state=[]), ROWS)
    yield example(True, "two-inputs", trained(X, y), {**ROWS, "y": ("i32", [5])})
    yield example(True, "as-many-rows-as-the-batch", trained(X), {"x": ("f32", [2, 3])})
    yield example(True, "rows-without-elements", trained(variable("x", "f32", [2, 0])), {"x": ("f32", [7, 0])})
    yield example(False, "data-missing", trained(X), {})
    yield example(False, "data-of-one-missing", trained(X, y), ROWS)
    yield example(False, "data-of-no-input", trained(X), {**ROWS, "z": rows})
    yield example(False, "data-of-a-state", trained(X), {**ROWS, "w": rows})
    yield example(False, "fewer-rows-than-the-batch", trained(X), {"x": ("f32", [1, 3])})
    yield example(False, "no-rows", trained(X), {"x": ("f32", [0, 3])})
    yield example(False, "other-rows", trained(X, y), {**ROWS, "y": ("i32", [4])})
    yield example(False, "other-rows-more", trained(X, y), {**ROWS, "y": ("i32", [6])})
    for label, spec in (
        ("dtype", ("i32", [5, 3])),
        ("width", ("f32", [5, 4])),
        ("rank", ("f32", [15])),
        ("rank-more", ("f32", [5, 3, 1])),
        ("scalar", ("f32", [])),
    ):
        yield example(False, f"data-{label}", trained(X), {"x": spec})
    yield example(False, "scalar-input", trained(variable("x", "f32", [])), {"x": ("f32", [5])})
    yield example(False, "scalar-input-and-data", trained(variable("x", "f32", [])), {"x": ("f32", [])})
    for label, other in (
        ("dtype", variable("seed", "i32", [2])),
        ("shape", variable("seed", "u32", [3])),
        ("name", variable("Seed", "u32", [2])),
    ):
        yield example(False, f"no-seed-{label}", trained(X, other), ROWS)

    def named(name: str, outputs=()) -> dict:
        return trained(X, state=[variable(name)], outputs=outputs)

    yield example(False, "state-of-an-output", named("output.y", [("y", 0)]), ROWS)
    yield example(True, "state-of-another-output", named("output.z", [("y", 0)]), ROWS)
    yield example(True, "state-output", named("output.", [("y", 0)]), ROWS)
    yield example(False, "state-data", named("data.y"), ROWS)
    yield example(False, "state-data-of-input", named("data.x"), {}, {"data.x": rows})
    yield example(False, "state-data-dot", named("data."), ROWS)
    yield example(True, "state-data-word", named("data"), ROWS)
    yield example(False, "state-missing", trained(X), ROWS, {})
    yield example(False, "state-shape", trained(X), ROWS, {"w": ("f32", [3])})
    yield example(False, "tensor-more", trained(X), ROWS, {"w": ("f32", [2]), "z": ("f32", [2])})
    yield example(False, "program-further", trained(X), ROWS, **{"program.x": text(trained(X))})
    yield example(False, "metadata-more", trained(X), ROWS, author="somebody")
    tensors = {"w": ("f32", [2]), "data.x": rows}
    plain = {"format": "paragon-job", "program": text(trained(X)), "job": text(SETTINGS)}
    for key in ("program", "job"):
        metadata = {k: v for k, v in plain.items() if k != key}
        yield Example(False, f"job-metadata-without-{key}", "Kinds: a job, its data and state", file(metadata, tensors))
    yield Example(
        False, "job-program-invalid", "Kinds: a job, its data and state", file({**plain, "program": "{}"}, tensors)
    )


def _vectors() -> Iterator[Example]:
    def example(accept: bool, name: str, cases, tensors: dict, **more: str) -> Example:
        return Example(accept, f"vectors-{name}", "Kinds: vectors", vectors(cases, tensors, **more))

    spec = ("f32", [2])
    plain = [{"name": "sum", "program": counter()}]
    needed = {f"0/{name}": spec for name in ("in/x", "state/w", "out/y", "new/w")}
    second = {key.replace("0", "1", 1): value for key, value in needed.items()}
    kept = program([variable("x")], [variable("w")], [operation("add", [0, 1], 2, "f32", [2])], [("y", 2)])
    yield example(True, "plain", plain, needed)
    yield example(True, "no-cases", [], {})
    yield example(True, "two-cases-of-one-name", plain * 2, needed | second)
    yield example(
        True,
        "state-that-stays",
        [{"name": "kept", "program": kept}],
        {k: v for k, v in needed.items() if k != "0/new/w"},
    )
    yield example(
        True,
        "names-with-slashes",
        [{"name": "a/b", "program": program([variable("in/x")], (), (), [("out/y", 0)])}],
        {"0/in/in/x": spec, "0/out/out/y": spec},
    )
    yield example(
        True,
        "metadata-as-a-name",
        [{"name": "m", "program": program([variable("__metadata__")])}],
        {"0/in/__metadata__": spec},
    )
    yield example(False, "no-cases-but-a-tensor", [], {"0/in/x": spec})
    yield example(False, "new-of-a-state-that-stays", [{"name": "kept", "program": kept}], needed)
    for key in needed:
        label = key.replace("/", "-")
        yield example(False, f"without-{label}", plain, {k: v for k, v in needed.items() if k != key})
        yield example(False, f"dtype-{label}", plain, needed | {key: ("u32", [2])})
        yield example(False, f"shape-{label}", plain, needed | {key: ("f32", [1, 2])})
    for label, key in (
        ("case", "1/in/x"), ("case-00", "00/in/x"), ("name", "0/in/z"), ("kind", "0/on/x"), ("no-case", "in/x"),
        ("no-name", "0/in"), ("minus", "-0/in/x"), ("plus", "+0/in/x"), ("space", " 0/in/x"), ("slash", "0/in/x/"),
        ("hex", "0x0/in/x"),
    ):  # fmt: skip
        yield example(False, f"more-{label}", plain, needed | {key: spec})
    case = plain[0]
    for label, cases in (
        ("object", {}), ("null", None), ("of-null", [None]), ("of-lists", [[]]), ("without-name", [{"program": counter()}]),
        ("without-program", [{"name": "sum"}]), ("unknown", [case | {"more": 1}]), ("name-empty", [case | {"name": ""}]),
        ("name-number", [case | {"name": 1}]), ("name-control", [case | {"name": "a\u0085"}]),
        ("name-null", [case | {"name": None}]),
        ("program-null", [case | {"program": None}]), ("program-text", [case | {"program": text(counter())}]),
        ("program-invalid", [case | {"program": counter(more=1)}]), ("program-version", [case | {"program": counter(version=1.0)}]),
        ("name-too-long", [case | {"name": "x" * 256}]),
    ):  # fmt: skip
        yield example(False, f"cases-{label}", cases, needed)
    yield example(False, "second-case-invalid", [case, case | {"program": counter(more=1)}], needed | second)
    written = text(plain)
    for label, cases in (
        ("no-json", "none"),
        ("empty", ""),
        ("twice-name", written.replace('"name":"sum"', '"name":"sum","name":"sum"')),
        ("comma", written[:-1] + ",]"),
        ("rest", written + "]"),
    ):
        yield example(False, f"cases-{label}", cases, needed)
    # The list, the case, the program and meta are open already.
    for depth in (60, 61):
        meta: list = []
        for _ in range(depth - 1):
            meta = [meta]
        deep = [{"name": "deep", "program": counter(meta={"a": meta})}]
        yield example(depth == 60, f"meta-{depth + 4}-deep", deep, needed)
    yield example(False, "metadata-more", plain, needed, program=text(counter()))
    yield Example(False, "vectors-without-cases", "Kinds: vectors", file({"format": "paragon-vectors"}, {}))

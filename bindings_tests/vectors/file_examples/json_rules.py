"""Section 1 of docs/files.md: JSON. Most examples are the program's text inside a model file."""

from collections.abc import Iterator

from .build import Example, counter, model, raw, text

PLAIN = text(counter())
LARGEST = 2**1024 - 2**970  # the smallest integer that rounds to infinity


def with_meta(meta: str) -> bytes:
    """A model whose program has this text as its meta."""
    return model(PLAIN[:-1] + f',"meta":{meta}}}')


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


def examples() -> Iterator[Example]:
    yield from _syntax()
    yield from _strings()
    yield from _objects()
    yield from _numbers()
    yield from _encoding()


def _syntax() -> Iterator[Example]:
    def example(accept: bool, name: str, program: str) -> Example:
        return Example(accept, f"json-{name}", "JSON: syntax", model(program))

    yield example(True, "white-space", "\n\t" + PLAIN.replace(":", " :\r\n").replace(",", "\t, ") + " \n")
    for name, space in (
        ("form-feed", "\f"), ("vertical-tab", "\v"), ("no-break-space", "\u00a0"), ("byte-order-mark", "\ufeff"),
        ("line-separator", "\u2028"), ("nul", "\0"),
    ):  # fmt: skip
        yield example(False, f"{name}-before", space + PLAIN)
        yield example(False, f"{name}-after", PLAIN + space)
    yield example(False, "empty", "")
    yield example(False, "only-space", " ")
    yield example(False, "null", "null")
    yield example(False, "list", "[]")
    yield example(False, "two-values", PLAIN + PLAIN)
    yield example(False, "unfinished", PLAIN[:-1])
    yield example(False, "brace-too-many", PLAIN + "}")
    yield example(False, "comma-at-the-end", PLAIN[:-1] + ",}")
    yield example(False, "comma-in-list", PLAIN.replace("[0,1]", "[0,1,]"))
    yield example(False, "comma-alone", PLAIN.replace('"updates":[', '"updates":[,'))
    yield example(False, "comma-missing", PLAIN.replace("[0,1]", "[0 1]"))
    yield example(False, "colon-missing", PLAIN.replace('"version":1', '"version" 1'))
    yield example(False, "comment", "/* */" + PLAIN)
    yield example(False, "line-comment", PLAIN + "//")
    yield example(False, "single-quotes", PLAIN.replace('"', "'"))
    yield example(False, "key-without-quotes", PLAIN.replace('"version"', "version"))
    for name, word in (
        ("not-a-number", "NaN"), ("infinity", "Infinity"), ("minus-infinity", "-Infinity"), ("nan", "nan"), ("python", "True"),
        ("cut", "nul"), ("longer", "nulll"), ("undefined", "undefined"), ("missing", ""),
    ):  # fmt: skip
        yield Example(False, f"json-word-{name}", "JSON: syntax", with_meta(f'{{"a":{word}}}'))
    yield Example(True, "json-words", "JSON: syntax", with_meta('{"a":[null,true,false]}'))


def _strings() -> Iterator[Example]:
    def example(accept: bool, name: str, string: str) -> Example:
        return Example(accept, f"json-string-{name}", "JSON: strings", with_meta(f'{{"a":"{string}"}}'))

    yield example(True, "escapes", r"\"\\\/\b\f\n\r\t\u00e9\u00E9")
    yield example(True, "pair", r"\ud83d\ude00")
    yield example(True, "escaped-nul", r"\u0000")
    yield example(True, "delete", "\x7f")
    yield example(True, "next-line", "\u0085")
    yield example(True, "noncharacter", "\uffff\U0010ffff")
    yield example(True, "line-separator", "\u2028\u2029")
    for name, string in (
        ("tab", "\t"), ("line-feed", "\n"), ("nul", "\0"), ("unit-separator", "\x1f"), ("escape-x", r"\x41"),
        ("escape-capital", r"\N"), ("escape-quote", r"\'"), ("hex-short", r"\u12"), ("hex-sign", r"\u+123"),
        ("hex-space", r"\u 123"), ("hex-underscore", r"\u1_23"), ("hex-g", r"\u123g"), ("lone-high", r"\ud800"),
        ("lone-low", r"\udc00"), ("high-then-text", r"\ud800a"), ("high-then-escape", r"\ud800\n"),
        ("high-then-plain", r"\ud800\u0041"), ("low-then-high", r"\ude00\ud83d"), ("two-high", r"\ud83d\ud83d"),
        ("capital-surrogate", r"\uD800"),
    ):  # fmt: skip
        yield example(False, name, string)
    yield Example(False, "json-key-lone-surrogate", "JSON: strings", with_meta(r'{"\udfff":1}'))
    yield Example(False, "json-string-unfinished", "JSON: strings", with_meta('{"a":"'))


def _objects() -> Iterator[Example]:
    def example(accept: bool, name: str, data: bytes) -> Example:
        return Example(accept, f"json-{name}", "JSON: names in an object, depth", data)

    yield example(True, "escaped-name", model(PLAIN.replace('"version"', r'"\u0076ersion"')))
    yield example(True, "members-in-another-order", model(text(dict(reversed(counter().items())))))
    yield example(True, "same-name-in-two-objects", with_meta('{"a":{"a":{"a":1}}}'))
    yield example(True, "names-of-a-prototype", with_meta('{"__proto__":{"x":1},"constructor":2,"toString":3,"":4}'))
    yield example(False, "twice", model(PLAIN[:-1] + ',"version":1}'))
    yield example(False, "twice-escaped", model(PLAIN[:-1] + r',"\u0076ersion":1}'))
    yield example(False, "twice-in-operation", model(PLAIN.replace('"op":', '"op":"add","op":')))
    yield example(False, "twice-in-variable", model(PLAIN.replace('"name":"x"', '"name":"x","name":"x"')))
    yield example(False, "twice-in-meta", with_meta('{"a":1,"a":1}'))
    yield example(False, "twice-deep-in-meta", with_meta('{"a":[[{"b":[{"c":1,"d":2,"c":3}]}]]}'))
    yield example(False, "twice-prototype", with_meta('{"__proto__":1,"__proto__":2}'))
    yield example(False, "twice-empty", with_meta('{"":1,"":1}'))
    # The program and meta are open already.
    for depth in (62, 63):
        yield example(depth < 63, f"meta-lists-{depth + 2}-deep", with_meta(f'{{"a":{nested(depth)}}}'))
        objects = nested(depth, '{"a":', "}").replace(":}", ":1}")
        yield example(depth < 63, f"meta-objects-{depth + 2}-deep", with_meta(f'{{"a":{objects}}}'))
    yield example(True, "meta-wide", with_meta('{"a":[' + ",".join(["[]", "{}"] * 40) + "]}"))
    yield example(False, "meta-5000-deep", with_meta(f'{{"a":{nested(5000)}}}'))
    yield example(False, "meta-5000-open", with_meta('{"a":' + "[" * 5000))


def _numbers() -> Iterator[Example]:
    def example(accept: bool, name: str, number: str) -> Example:
        return Example(accept, f"json-number-{name}", "JSON: numbers", with_meta(f'{{"a":{number}}}'))

    for name, number in (
        ("zero", "0"), ("minus-zero", "-0"), ("fraction", "-0.50"), ("exponents", "[1e5,1E+5,1e-05,1.5e00]"),
        ("large", "1e308"), ("largest", "1.7976931348623157e308"), ("underflow", "1e-999"), ("300-digits", "9" * 300),
        ("just-finite", str(LARGEST - 1)), ("just-finite-negative", f"-{LARGEST - 1}"), ("zero-exponent", "0e999"),
        ("long-fraction", "0." + "3" * 5000), ("beyond-2-64", "18446744073709551617"), ("many-zeros", "0.0e-0"),
    ):  # fmt: skip
        yield example(True, name, number)
    for name, number in (
        ("1e999", "1e999"), ("minus-1e999", "-1e999"), ("1e309", "1e309"), ("2e308", "2e308"), ("400-digits", "9" * 400),
        ("5000-digits", "9" * 5000), ("just-infinite", str(LARGEST)), ("just-infinite-negative", f"-{LARGEST}"),
        ("leading-zero", "01"), ("two-zeros", "00"), ("minus-leading-zero", "-01"), ("plus", "+1"), ("no-whole", ".5"),
        ("no-fraction", "1."), ("no-fraction-exponent", "1.e5"), ("no-exponent", "1e"), ("no-exponent-sign", "1e+"),
        ("minus", "-"), ("hex", "0x10"), ("underscore", "1_000"), ("two-points", "1.2.3"), ("suffix", "1f"),
        ("arabic-digits", "\u0661"), ("minus-space", "- 1"),
    ):  # fmt: skip
        yield example(False, name, number)


def _encoding() -> Iterator[Example]:
    """Bytes of the header itself, as the name of a tensor without elements."""

    def example(accept: bool, name: str, key: bytes) -> Example:
        header = b'{"%s":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' % key
        return Example(accept, f"utf8-{name}", "JSON: encoding", raw(header))

    yield example(True, "two-bytes", b"\xc3\xa9")
    yield example(True, "three-bytes", b"\xe2\x82\xac")
    yield example(True, "four-bytes", b"\xf0\x9f\x98\x80")
    yield example(True, "last", b"\xf4\x8f\xbf\xbf")
    for name, key in (
        ("ff", b"\xff"), ("continuation-alone", b"\x80"), ("overlong-nul", b"\xc0\x80"), ("overlong-slash", b"\xc0\xaf"),
        ("overlong-three", b"\xe0\x80\xaf"), ("overlong-four", b"\xf0\x80\x80\xaf"), ("surrogate", b"\xed\xa0\x80"),
        ("surrogate-pair", b"\xed\xa0\xbd\xed\xb8\x80"), ("beyond-unicode", b"\xf4\x90\x80\x80"), ("cut", b"\xe2\x82"),
        ("latin-1", b"caf\xe9"), ("five-bytes", b"\xf8\x88\x80\x80\x80"),
    ):  # fmt: skip
        yield example(False, name, key)
    yield Example(False, "utf8-byte-order-mark", "JSON: encoding", raw(b"\xef\xbb\xbf{}"))
    utf16 = text({"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}).encode("utf-16-le")
    yield Example(False, "utf16", "JSON: encoding", raw(utf16))

"""Composite programs: activations, losses, norms, convolution, pooling, dropout, optimisers and whole training steps."""

from oracle.case import Case, Value

from .composites import HALF, ONE, PANEL, ZERO, Formula
from .data import F32_EDGES, F32_FEW, Words, filled, power, real, tensor, vector
from .elementwise import crossed

NAN, INFINITY = 0x7FC00000, 0x7F800000
RATE, MU, B1, B2, EPSILON = real(1, 10), real(9, 10), real(9, 10), real(999, 1000), real(1, 100000000)


def activations() -> list[Case]:
    random = Words(60)
    words = F32_EDGES + [random.f32(-6, 6) for _ in range(60)]
    cases = []
    for name in ("relu", "sigmoid", "softplus", "gelu", "silu", "leaky_relu", "elu", "rsqrt"):
        case = Case(name)
        f, x = Formula(case), case.input("x", vector("f32", words))
        if name == "silu":
            y = f("mul", x, f.sigmoid(x))
        elif name == "leaky_relu":
            y = f.leaky_relu(x, real(1, 100))
        elif name == "elu":
            y = f.elu(x, ONE)
        else:
            y = getattr(f, name)(x)
        case.output("y", y)
        cases.append(case)
    return cases


def algebra() -> Case:
    """What a compiler may simplify that takes floats for real numbers: wrong for zeros, infinities, NaNs, and when rounded."""
    case = Case("what real algebra would simplify")
    f = Formula(case)
    x, y = (case.input(name, words) for name, words in zip("xy", crossed("f32", F32_FEW, 2), strict=True))
    minus_x, product = f("neg", x), f("mul", x, y)
    for name, value in {
        "x - x": f("sub", x, x), "x + -x": f("add", x, minus_x), "x / x": f("div", x, x),
        "x + 0": f("add", x, ZERO), "0 - x": f("sub", ZERO, x), "x * 0": f("mul", x, ZERO), "x * 1": f("mul", x, ONE),
        "x + x": f("add", x, x), "x * x": f("mul", x, x), "fma(x, x, -x)": f("fma", x, x, minus_x),
        "x == x": f("compare", x, x, how="eq"), "x <= x": f("compare", x, x, how="le"),
        "(x + y) - x": f("sub", f("add", x, y), x), "(x - y) + y": f("add", f("sub", x, y), y),
        "x*y - x*y": f("sub", product, product), "fma(x, y, -(x*y))": f("fma", x, y, f("neg", product)),
        "x*y + y": f("add", product, y), "x*y - y": f("sub", product, y), "(x / y) * y": f("mul", f("div", x, y), y),
        "x*y + x*y": f("add", product, product), "sqrt(x*x)": f("sqrt", f("mul", x, x)),
    }.items():  # fmt: skip
        case.output(name, value)
    return case


def softmaxes() -> list[Case]:
    random = Words(61)
    rows = [[ONE] * 4, [real(1000), real(-1000), ZERO, ONE], [0xFF800000, ONE, ONE, 0xFF800000], [NAN, ONE, ONE, ONE],
            [INFINITY, ONE, ONE, ONE], [0xFF800000] * 4, [0x7F7FFFFF, 0xFF7FFFFF, ZERO, ZERO]]  # fmt: skip
    inputs = {
        "special rows": tensor("f32", [len(rows), 4], [w for row in rows for w in row]),
        "random": filled("f32", [5, 10], lambda: random.f32(-3, 3)),
        "more than a panel": filled("f32", [2, 259], lambda: random.f32(-3, 2)),
        "one class": filled("f32", [3, 1], random.f32),
    }
    cases = []
    for name, words in inputs.items():
        case = Case(f"softmax, log_softmax: {name}")
        f, x = Formula(case), case.input("x", words)
        case.output("softmax", f.softmax(x))
        case.output("log_softmax", f.log_softmax(x))
        cases.append(case)
    case = Case("cross entropy and its gradient")
    f = Formula(case)
    x = case.input("logits", filled("f32", [7, 5], lambda: random.f32(-3, 3)))
    classes = case.input("classes", vector("i32", [random.below(5) for _ in range(7)]))
    for name, value in zip(("loss", "gradient"), f.cross_entropy(x, classes), strict=True):
        case.output(name, value)
    return [*cases, case]


def norms() -> list[Case]:
    random = Words(62)
    cases = []
    for n, c in ((4, 6), (2, 300)):
        case = Case(f"layer norm [{n},{c}]")
        f = Formula(case)
        x = case.input("x", filled("f32", [n, c], lambda: random.f32(-3, 3)))
        gamma, beta = (case.state(name, filled("f32", [c], lambda: random.f32(-2, 1))) for name in ("gamma", "beta"))
        case.output("y", f.layer_norm(x, gamma, beta, real(1, 100000)))
        cases.append(case)
    return cases


def _adam(f: Formula, w: Value, g: Value, slots: list[Value], weight_decay: int | None) -> list[Value]:
    """The new [w, m, s, b1^t, b2^t]. The powers are state, multiplied once a step."""
    m, s, p1, p2 = slots
    p1, p2 = f("mul", p1, B1), f("mul", p2, B2)
    m = f("fma", B1, m, f("mul", f("sub", ONE, B1), g))
    s = f("fma", B2, s, f("mul", f("mul", f("sub", ONE, B2), g), g))
    c1, c2 = f("sub", ONE, p1), f("sub", ONE, p2)
    if weight_decay is not None:
        w = f("fma", f("neg", f("mul", RATE, weight_decay)), w, w)
    step = f("div", f("div", m, c1), f("add", f("sqrt", f("div", s, c2)), EPSILON))
    return [f("fma", RATE ^ 0x80000000, step, w), m, s, p1, p2]


def optimisers() -> list[Case]:
    random = Words(63)

    def start(name: str) -> tuple[Case, Formula, Value]:
        case = Case(name)
        gradients = filled(
            "f32", [2, 9], lambda: random.choice([ZERO, 0x80000000, 1, power(60), random.f32(-8, 2), random.f32(-8, 2)])
        )
        return case, Formula(case), case.input("g", gradients)

    def draw() -> int:
        return random.f32(-4, 0)

    sgd, f, g = start("SGD step")
    sgd.update("w", f.sgd(sgd.state("w", filled("f32", [2, 9], draw)), g, RATE))
    momentum, f, g = start("momentum step")
    w, v = (momentum.state(name, filled("f32", [2, 9], draw)) for name in ("w", "v"))
    for name, value in zip(("w", "v"), f.momentum(w, v, g, RATE, MU), strict=True):
        momentum.update(name, value)
    cases = [sgd, momentum]
    for name, weight_decay in (("Adam step", None), ("AdamW step", real(1, 100))):
        case, f, g = start(name)
        w = case.state("w", filled("f32", [2, 9], draw))
        slots = [case.state("m", filled("f32", [2, 9], draw)), case.state("s", filled("f32", [2, 9], lambda: draw() & 0x7FFFFFFF)),
                 case.state("b1^t", tensor("f32", [], [B1])), case.state("b2^t", tensor("f32", [], [B2]))]  # fmt: skip
        for state, value in zip(("w", "m", "s", "b1^t", "b2^t"), _adam(f, w, g, slots, weight_decay), strict=True):
            case.update(state, value)
        cases.append(case)
    return cases


def state_at_once() -> Case:
    """Two states exchange their values; an output sees the state as it was before the run."""
    case = Case("states are replaced at once")
    a, b = case.state("a", vector("f32", [ONE, NAN])), case.state("b", vector("f32", [HALF, 0xFF800001]))
    case.state("untouched", vector("i32", [1, 2, 3]))
    case.output("a before", a)
    case.output("a again", a)
    case.update("a", b)
    case.update("b", a)
    return case


WINDOW = {"stride": [1, 1], "padding": [1, 1, 1, 1], "dilation": [1, 1]}


def convolution() -> Case:
    """conv2d with bias, and the gradients of the input, the weights and the bias."""
    random = Words(64)
    case = Case("conv2d, forward and backward")
    f = Formula(case)
    n, c, h, w, maps, k = 2, 2, 5, 4, 3, 3
    x = case.input("x", filled("f32", [n, c, h, w], lambda: random.f32(-3, 1)))
    gradient = case.input("gradient", filled("f32", [n, maps, h, w], lambda: random.f32(-3, 1)))
    weight = case.state("weight", filled("f32", [maps, c, k, k], lambda: random.f32(-3, 1)))
    bias = case.state("bias", filled("f32", [maps], lambda: random.f32(-3, 1)))
    rows, features = n * h * w, c * k * k
    columns = f("reshape", f("unfold", x, kernel=[k, k], **WINDOW), shape=[rows, features])
    kernel = f("reshape", weight, shape=[maps, features])
    y = f("add", f.matmul(columns, kernel, transpose_b=True), bias)
    case.output("y", f("transpose", f("reshape", y, shape=[n, h, w, maps]), axes=[0, 3, 1, 2]))
    g = f("reshape", f("transpose", gradient, axes=[0, 2, 3, 1]), shape=[rows, maps])
    case.output("d bias", f.sum(g, [0]))
    case.output("d weight", f("reshape", f.matmul(g, columns, transpose_a=True), shape=[maps, c, k, k]))
    unfolded = f("reshape", f.matmul(g, kernel), shape=[n, h, w, features])
    case.output("d x", f("fold", unfolded, size=[h, w], kernel=[k, k], **WINDOW, panel=PANEL))
    return case


def max_pool() -> Case:
    """2 x 2 max pooling; the first maximum of a window gets the gradient."""
    random = Words(65)
    case = Case("max pooling and its gradient")
    f = Formula(case)
    n, c, h, w = 2, 2, 4, 6
    few = [ZERO, 0x80000000, ONE, 0xBF800000, ONE, HALF]
    x = case.input("x", filled("f32", [n, c, h, w], lambda: random.choice(few)))
    gradient = case.input("gradient", filled("f32", [n, c, h // 2, w // 2], random.f32))
    window = {"kernel": [2, 2], "stride": [2, 2], "padding": [0, 0, 0, 0], "dilation": [1, 1]}
    windows = f("reshape", f("unfold", x, **window), shape=[n, h // 2, w // 2, c, 4])
    case.output("y", f("transpose", f("max", windows, axes=[4], keepdims=False), axes=[0, 3, 1, 2]))
    first = f("one_hot", f("argmax", windows, axis=4, keepdims=False), depth=4)
    g = f("reshape", f("transpose", gradient, axes=[0, 2, 3, 1]), shape=[n, h // 2, w // 2, c, 1])
    spread = f("reshape", f("mul", first, g), shape=[n, h // 2, w // 2, c * 4])
    case.output("d x", f("fold", spread, size=[h, w], **window, panel=PANEL))
    return case


def dropout() -> Case:
    """Keep three of four, scale by 4/3."""
    random = Words(66)
    case = Case("dropout")
    f = Formula(case)
    seed, step = case.input("seed", vector("u32", [5, 6])), case.input("step", tensor("u32", [], [9]))
    x = case.input("x", filled("f32", [6, 11], random.f32))
    u = f("mul", f("cast", f("bits", seed, step, stream=1, shape=[6, 11], width=24), dtype="f32"), power(-24))
    keep = f("compare", u, real(1, 4), how="ge")
    case.output("y", f("select", keep, f("mul", x, real(4, 3)), ZERO))
    return case


def embedding() -> Case:
    """Rows of a table by word number, and the table's gradient and step."""
    random = Words(67)
    case = Case("embedding, backward and step")
    f = Formula(case)
    ids = case.input("ids", tensor("i32", [3, 100], [random.below(6) for _ in range(299)] + [9]))
    gradient = case.input("gradient", filled("f32", [3, 100, 2], lambda: random.f32(-3, 1)))
    table = case.state("table", filled("f32", [7, 2], lambda: random.f32(-3, 1)))
    case.output("rows", f("gather", table, f("slice", ids, start=[2, 90], stop=[3, 100], step=[1, 1]), axis=0))
    case.update("table", f.sgd(table, f("scatter_add", gradient, ids, axis=0, size=7, panel=PANEL), RATE))
    return case


def causal_convolution() -> Case:
    """y[t] = sum over j <= t of kernel[j] * x[t-j] by transforms of a length at which nothing wraps round."""
    random = Words(69)
    case = Case("causal convolution")
    f = Formula(case)
    x = case.input("x", filled("f32", [2, 3, 30], lambda: random.f32(-3, 1)))
    kernel = case.state("kernel", filled("f32", [3, 7], lambda: random.f32(-3, 1)))
    case.output("y", f.first_points(f.complex_multiply(f.spectrum(x, 36), f.spectrum(kernel, 36)), 36, 30))
    return case


def long_convolution() -> Case:
    """One step of SGD on kernels as long as the sequence, for the loss sum((y - target)^2)."""
    random = Words(70)
    case = Case("long convolution training step")
    f = Formula(case)
    n, wide = 20, 40
    x = case.input("x", filled("f32", [4, 2, n], lambda: random.f32(-3, 0)))
    target = case.input("target", filled("f32", [4, 2, n], lambda: random.f32(-3, 0)))
    kernel = case.state("kernel", filled("f32", [2, n], lambda: random.f32(-4, -2)))
    spectrum = f.spectrum(x, wide)
    d = f("sub", f.first_points(f.complex_multiply(spectrum, f.spectrum(kernel, wide)), wide, n), target)
    case.output("loss", f.sum(f("mul", d, d), [0, 1, 2]))
    # The gradient of a convolution is a correlation: the product with the conjugate.
    correlation = f.complex_multiply(f.spectrum(f("mul", d, 0x40000000), wide), f.conjugate(spectrum))
    gradient = f.sum(f.first_points(correlation, wide, n), [0])
    case.output("d kernel", gradient)
    case.update("kernel", f.sgd(kernel, gradient, real(1, 100)))
    return case


def mlp() -> Case:
    """One training step of an MLP 12-9-4 on pixels: cross entropy, backward, momentum, and a step counter."""
    random = Words(68)
    case = Case("MLP training step")
    f = Formula(case)
    n, d, hidden, classes = 10, 12, 9, 4
    pixels = case.input("pixels", filled("i32", [n, d], lambda: random.below(256)))
    labels = case.input("labels", vector("i32", [random.below(classes) for _ in range(n)]))
    shapes = {"w1": [d, hidden], "b1": [hidden], "w2": [hidden, classes], "b2": [classes]}
    state = {name: case.state(name, filled("f32", shape, lambda: random.f32(-4, -1))) for name, shape in shapes.items()}
    velocity = {
        name: case.state(f"v.{name}", filled("f32", shape, lambda: random.f32(-7, -4)))
        for name, shape in shapes.items()
    }
    step = case.state("step", tensor("u32", [], [0xFFFFFFFF]))
    x = f("div", f("cast", pixels, dtype="f32"), real(255))
    before = f.linear(x, state["w1"], state["b1"])
    h = f.relu(before)
    loss, g = f.cross_entropy(f.linear(h, state["w2"], state["b2"]), labels)
    back = f("select", f("compare", before, ZERO, how="le"), ZERO, f.matmul(g, state["w2"], transpose_b=True))
    gradients = {"w1": f.matmul(x, back, transpose_a=True), "b1": f.sum(back, [0]),
                 "w2": f.matmul(h, g, transpose_a=True), "b2": f.sum(g, [0])}  # fmt: skip
    case.output("loss", loss)
    for name, gradient in gradients.items():
        case.output(f"d {name}", gradient)
        w, v = f.momentum(state[name], velocity[name], gradient, RATE, MU)
        case.update(name, w)
        case.update(f"v.{name}", v)
    case.update("step", f("add", step, f.constant(1, "u32")))
    return case


def programs() -> list[Case]:
    return [*activations(), algebra(), *softmaxes(), *norms(), *optimisers(), state_at_once(), convolution(), max_pool(),
            dropout(), embedding(), mlp(), causal_convolution(), long_convolution()]  # fmt: skip

// Programs: every rule of the format has a program that breaks it; sessions; limits.

import assert from "node:assert/strict";
import test from "node:test";
import { Builder, Session, parseProgram, tensor } from "../paragon.mjs";

/** @typedef {import("../src/tensor.mjs").DType} DType */

const base = () => ({
  format: "paragon-program", version: 1, contract: 1,
  inputs: [{ name: "x", dtype: "f32", shape: [4, 3] }],
  state: [{ name: "w", dtype: "f32", shape: [3, 2] }],
  operations: [{
    op: "matmul", inputs: [0, 1], output: 2, dtype: "f32", shape: [4, 2],
    attributes: { transpose_a: false, transpose_b: false, panel: 256 },
  }],
  outputs: [{ name: "y", value: 2 }],
  updates: [{ state: "w", value: 1 }],
});

/** @type {(change: (program: any) => void) => string} */
function changed(change) {
  const program = base();
  change(program);
  return JSON.stringify(program);
}

test("the example of the format is a program", () => {
  assert.equal(parseProgram(JSON.stringify(base())).operations.length, 1);
  parseProgram(changed((p) => (p.meta = { name: "example", nested: [1, { a: null }] })));
});

test("programs that break a rule of the format are refused", () => {
  /** @type {[(program: any) => void, RegExp][]} */
  const cases = [
    [(p) => (p.format = "other"), /format is "other"/],
    [(p) => (p.version = 2), /version is 2/],
    [(p) => (p.contract = "1"), /contract is "1"/],
    [(p) => delete p.state, /top level: the key "state" is missing/],
    [(p) => (p.extra = 1), /top level: unknown key "extra"/],
    [(p) => (p.meta = "text"), /meta is not an object/],
    [(p) => (p.outputs = {}), /outputs is not a list/],
    [(p) => (p.inputs[0].name = ""), /inputs 0: the name "" is not of 1 to 255 bytes/],
    [(p) => (p.inputs[0].name = "é".repeat(128)), /1 to 255 bytes/],
    [(p) => (p.inputs[0].name = "a\u0007"), /control character/],
    [(p) => (p.inputs[0].name = "w"), /state 0: the name "w" is taken/],
    [(p) => (p.inputs[0].name = 5), /the name is not a string/],
    [(p) => (p.inputs[0].dtype = "f64"), /inputs 0: dtype "f64" is none of f32, i32, u32/],
    [(p) => (p.inputs[0].dtype = "constructor"), /dtype "constructor"/],
    [(p) => (p.inputs[0].shape = [-1]), /a shape is a list of integers/],
    [(p) => (p.inputs[0].shape = [2 ** 31]), /a shape is a list of integers/],
    [(p) => (p.inputs[0].shape = [2 ** 16, 2 ** 15]), /more than 2147483647 elements/],
    [(p) => (p.inputs[0].shape = Array(9).fill(1)), /rank 9/],
    [(p) => (p.inputs[0].extra = 1), /inputs 0: unknown key "extra"/],
    [(p) => (p.operations[0].op = "matmull"), /operation 0 \(matmull\): there is no such operation/],
    [(p) => (p.operations[0].op = "toString"), /operation 0 \(toString\): there is no such operation/],
    [(p) => (p.operations[0] = null), /operation 0 \(\?\): an object is expected/],
    [(p) => (p.operations[0].inputs = [0, 2]), /operation 0 \(matmul\): there is no value 2 yet; values 0 to 1 exist/],
    [(p) => (p.operations[0].inputs = [0, -1]), /there is no value -1/],
    [(p) => (p.operations[0].inputs = [0, 0.5]), /there is no value 0.5/],
    [(p) => (p.operations[0].inputs = [0]), /1 operands instead of 2/],
    [(p) => (p.operations[0].inputs = "01"), /inputs is not a list/],
    [(p) => (p.operations[0].inputs = [0, 0]), /differ in the summed dimension, 3 and 4/],
    [(p) => (p.operations[0].output = 3), /output is 3; the next value is 2/],
    [(p) => (p.operations[0].shape = [2, 4]), /yields f32\[4, 2\], but f32\[2, 4\] is stated/],
    [(p) => (p.operations[0].dtype = "i32"), /but i32\[4, 2\] is stated/],
    [(p) => (p.operations[0].attributes.panel = 1), /attribute "panel": an integer from 2 to 2147483647 or null/],
    [(p) => (p.operations[0].attributes.panel = 2.5), /attribute "panel"/],
    [(p) => (p.operations[0].attributes.transpose_a = 0), /attribute "transpose_a": true or false/],
    [(p) => delete p.operations[0].attributes.panel, /the attribute "panel" is missing/],
    [(p) => (p.operations[0].attributes.axis = 0), /there is no attribute "axis"/],
    [(p) => (p.operations[0].attributes = []), /attributes is not an object/],
    [(p) => (p.operations[0].extra = 1), /unknown key "extra"/],
    [(p) => (p.outputs[0].value = 3), /output 0: there is no value 3/],
    [(p) => p.outputs.push({ name: "y", value: 0 }), /output 1: the name "y" is taken/],
    [(p) => (p.updates[0].state = "x"), /update 0: no state "x"/],
    [(p) => p.updates.push({ state: "w", value: 1 }), /update 1: .* updated twice/],
    [(p) => (p.updates[0].value = 2), /the state "w" is f32\[3, 2\], value 2 is f32\[4, 2\]/],
  ];
  for (const [change, message] of cases) assert.throws(() => parseProgram(changed(change)), message);
  assert.throws(() => parseProgram("{"), /JSON/);
  assert.throws(() => parseProgram("[]"), /an object is expected/);
  assert.throws(() => parseProgram(changed(() => {}).replace('"version":1', '"version":1,"version":1')), /stands twice/);
});

/** @type {(dtype: DType, shape: number[]) => {dtype: DType, shape: number[]}} */
const type = (dtype, shape) => ({ dtype, shape });

test("operations check dtypes, shapes and attributes", () => {
  const f = (/** @type {number[]} */ ...shape) => type("f32", shape);
  const i = (/** @type {number[]} */ ...shape) => type("i32", shape);
  const u = (/** @type {number[]} */ ...shape) => type("u32", shape);
  const window = { kernel: [2, 2], stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] };
  /** @type {[string, {dtype: DType, shape: number[]}[], any, RegExp][]} */
  const cases = [
    ["add", [f(2), i(2)], {}, /dtypes .* differ/],
    ["add", [f(2, 3), f(2)], {}, /do not broadcast/],
    ["add", [f(0), f(2)], {}, /do not broadcast/],
    ["div", [i(2), i(2)], {}, /is not f32/],
    ["abs", [u(2)], {}, /is not f32 or i32/],
    ["exp", [i(2)], {}, /is not f32/],
    ["compare", [f(2), f(2)], { how: "lg" }, /attribute "how": one of lt/],
    ["select", [i(2), f(2), i(2)], {}, /differ/],
    ["cast", [f(2)], { dtype: "f16" }, /attribute "dtype"/],
    ["constant", [], { dtype: "f32", shape: [2], word: "3F800000" }, /8 lower-case hex/],
    ["constant", [], { dtype: "f32", shape: [2 ** 16, 2 ** 16], word: "00000000" }, /elements/],
    ["sum", [f(2, 3)], { axes: [1, 0], keepdims: false, panel: null }, /not ascending/],
    ["sum", [f(2, 3)], { axes: [0, 0], keepdims: false, panel: null }, /not ascending/],
    ["sum", [f(2, 3)], { axes: [2], keepdims: false, panel: null }, /axis 2 is not an axis/],
    ["sum", [f(2, 3)], { axes: [-1], keepdims: false, panel: null }, /attribute "axes"/],
    ["argmax", [f(2, 0)], { axis: 1, keepdims: false }, /is empty/],
    ["matmul", [f(3), f(3, 2)], { transpose_a: false, transpose_b: false, panel: 2 }, /not both matrices/],
    ["matmul", [f(2, 4, 3), f(3, 3, 2)], { transpose_a: false, transpose_b: false, panel: 2 }, /do not broadcast/],
    ["matmul", [i(4, 3), i(3, 2)], { transpose_a: false, transpose_b: false, panel: 2 }, /is not f32/],
    ["reshape", [f(2, 3)], { shape: [7] }, /has not the elements/],
    ["transpose", [f(2, 3)], { axes: [0, 0] }, /not a permutation/],
    ["transpose", [f(2, 3)], { axes: [0] }, /not a permutation/],
    ["broadcast", [f(2, 3)], { shape: [2, 1] }, /does not broadcast to/],
    ["broadcast", [f(1, 3)], { shape: [3] }, /does not broadcast to/],
    ["slice", [f(4)], { start: [3], stop: [2], step: [1] }, /0 <= start <= stop <= 4/],
    ["slice", [f(4)], { start: [0], stop: [5], step: [1] }, /stop <= 4/],
    ["slice", [f(4)], { start: [0], stop: [4], step: [0] }, /attribute "step"/],
    ["slice", [f(4)], { start: [0, 0], stop: [4, 4], step: [1, 1] }, /need 1 integers/],
    ["pad", [f(4)], { low: [-1], high: [0], interior: [0], word: "00000000" }, /attribute "low"/],
    ["pad", [f(4)], { low: [0], high: [0], interior: [2 ** 31 - 1], word: "00000000" }, /a shape is a list/],
    ["concat", [], { axis: 0 }, /0 operands/],
    ["concat", [f(2, 3), f(2, 4)], { axis: 0 }, /differ off axis 0/],
    ["concat", [f(2), i(2)], { axis: 0 }, /dtypes/],
    ["concat", [f()], { axis: 0 }, /not an axis/],
    ["gather", [f(2), f(2)], { axis: 0 }, /the index is f32\[2\], not i32/],
    ["gather", [f(1, 1, 1, 1, 1, 1, 1, 1), i(1, 1)], { axis: 0 }, /rank 9/],
    ["scatter_add", [f(2, 3), i(3)], { axis: 0, size: 4, panel: 2 }, /has not the shape of the index/],
    ["one_hot", [u(2)], { depth: 3 }, /the index/],
    ["one_hot", [i(2)], { depth: -1 }, /attribute "depth"/],
    ["unfold", [f(1, 1, 4)], window, /rank 4/],
    ["unfold", [f(1, 1, 1, 4)], window, /does not fit/],
    ["unfold", [f(1, 1, 4, 4)], { ...window, kernel: [2 ** 31 - 1, 1], dilation: [2 ** 31 - 1, 1] }, /does not fit/],
    ["unfold", [f(1, 1, 4, 4)], { ...window, stride: [0, 1] }, /attribute "stride"/],
    ["unfold", [f(1, 1, 4, 4)], { ...window, padding: [0, 0] }, /attribute "padding"/],
    ["fold", [f(1, 3, 3, 5)], { ...window, size: [4, 4], panel: null }, /not a multiple of 4/],
    ["fold", [f(1, 3, 2, 4)], { ...window, size: [4, 4], panel: null }, /has not the 3,? ?by 3 windows/],
    ["scan", [f(2, 3), f(2, 3), f(3)], { axis: 1, reverse: false }, /h0 is f32\[3\], not f32\[2\]/],
    ["scan", [f(2, 3), f(3, 2), f(2)], { axis: 1, reverse: false }, /b is/],
    ["bits", [u(3), u()], { stream: 0, shape: [2], width: 8 }, /the seed is/],
    ["bits", [u(2), u(1)], { stream: 0, shape: [2], width: 8 }, /the step is/],
    ["bits", [u(2), u()], { stream: 2 ** 32, shape: [2], width: 8 }, /attribute "stream"/],
    ["bits", [u(2), u()], { stream: 0, shape: [2], width: 33 }, /attribute "width"/],
  ];
  for (const [op, operands, attributes, message] of cases) {
    const builder = new Builder(operands.map((spec, k) => ({ name: `x${k}`, ...spec })));
    assert.throws(() => builder.apply(op, operands.map((_, k) => k), attributes), message, op);
  }
});

test("states are replaced at once, after the operations; nothing is shared with the caller", () => {
  const spec = (/** @type {string} */ name) => ({ name, ...type("f32", [2]) });
  const builder = new Builder([spec("x")], [spec("a"), spec("b")]);
  builder.output("sum", builder.apply("add", [1, 2]));
  builder.output("a", 1);
  builder.update("a", 2);
  builder.update("b", 0);
  const start = tensor("f32", [2], [1, 2]);
  const session = new Session(builder.program(), new Map([["a", start], ["b", tensor("f32", [2], [10, 20])]]));
  const x = tensor("f32", [2], [5, 6]);
  const { outputs } = session.run(new Map([["x", x]]));
  assert.deepEqual(outputs.get("sum")?.data, Float32Array.of(11, 22));
  start.data.fill(0);
  x.data.fill(0);
  outputs.get("a")?.data.fill(0);
  session.state.get("a")?.data.fill(0);
  assert.deepEqual(session.state.get("a")?.data, Float32Array.of(10, 20));
  assert.deepEqual(session.state.get("b")?.data, Float32Array.of(5, 6));
});

test("sessions refuse missing, unfit and unknown tensors", () => {
  const state = new Map([["w", tensor("f32", [3, 2])]]);
  assert.throws(() => new Session(base()), /the state "w" is missing; it is f32\[3, 2\]/);
  assert.throws(() => new Session(base(), new Map([["w", tensor("f32", [2, 3])]])), /the state "w" is f32\[3, 2\], not f32\[2, 3\]/);
  const session = new Session(base(), state);
  const x = tensor("f32", [4, 3]);
  assert.throws(() => session.run(new Map()), /the input "x" is missing/);
  assert.throws(() => session.run(new Map([["x", tensor("i32", [4, 3])]])), /the input "x" is f32/);
  assert.throws(() => session.run(new Map([["x", x], ["z", x]])), /no input "z"/);
  assert.equal(session.run(new Map([["x", x]]), { values: true }).values.get(2)?.data.length, 8);
});

test("a small program for huge values is refused before anything is allocated", () => {
  const builder = new Builder([]);
  const huge = builder.apply("constant", [], { dtype: "f32", shape: [2 ** 15, 2 ** 15], word: "00000000" });
  builder.output("y", builder.apply("sum", [huge], { axes: [0, 1], keepdims: false, panel: null }));
  assert.throws(() => new Session(builder.program()), /needs 4294967300 bytes .* the limit is 2147483648/);
  const empty = new Builder([{ name: "x", ...type("f32", [2 ** 31 - 1, 0, 2 ** 31 - 1]) }]);
  empty.output("y", empty.apply("transpose", [0], { axes: [2, 1, 0] }));
  const { outputs } = new Session(empty.program()).run(new Map([["x", tensor("f32", [2 ** 31 - 1, 0, 2 ** 31 - 1])]]));
  assert.equal(outputs.get("y")?.data.length, 0);
});

test("values are dropped after their last use", () => {
  const builder = new Builder([{ name: "x", ...type("f32", [1000]) }]);
  let y = 0;
  for (let i = 0; i < 50; i++) y = builder.apply("neg", [y]);
  builder.output("y", y);
  new Session(builder.program(), new Map(), { memory: 12_000 });
  assert.throws(() => new Session(builder.program(), new Map(), { memory: 11_999 }), /needs 12000 bytes/);
});

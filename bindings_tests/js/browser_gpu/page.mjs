// The page: opens the device, probes it, runs the vectors and trains, all with the shaders that the desktop uses; then posts
// what it found to the server that it came from.
import { Kernels, Session } from "./plan.mjs";

const post = (found) => fetch("/result", { method: "POST", body: JSON.stringify(found) });
const words = (lists) => Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, Uint32Array.from(list)]));
const canonical = (word, dtype) => (dtype === "f32" && (word & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : word >>> 0);

function differs(got, want, dtype) {
  if (got.length !== want.length) return `${got.length} words, not ${want.length}`;
  const i = got.findIndex((word, at) => canonical(word, dtype) !== canonical(want[at], dtype));
  return i < 0 ? "" : `word ${i} is ${canonical(got[i], dtype).toString(16)}, not ${canonical(want[i], dtype).toString(16)}`;
}

/** Each check of the probe: whether all its known answers came out, on each path. */
async function probe(kernels, { cases, columns, floats, plans }) {
  const triples = Uint32Array.from(cases.flatMap(([, , a, b, c]) => [a, b, c]));
  const found = {};
  for (const [path, plan] of Object.entries(plans)) {
    const session = new Session(kernels, plan);
    const { rows } = await session.run({ triples });
    found[path] = {};
    cases.forEach(([check, column, , , , want], i) => {
      const place = columns.indexOf(column);
      const got = canonical(rows[i * columns.length + place], place < floats ? "f32" : "u32");
      found[path][check] = (found[path][check] ?? true) && got === want;
    });
    session.destroy();
  }
  return found;
}

async function vectors(kernels, cases) {
  const wrong = [];
  for (const { name, plan, inputs, state, outputs, updated } of cases) {
    const session = new Session(kernels, plan);
    session.setState(words(state));
    const got = await session.run(words(inputs));
    const after = await session.state();
    for (const [output, want] of Object.entries(outputs)) {
      const found = differs(got[output], want, plan.outputs[output][1]);
      if (found) wrong.push(`${name}, output ${output}: ${found}`);
    }
    for (const [key, want] of Object.entries(updated)) {
      const found = differs(after[key], want, plan.state[key][1]);
      if (found) wrong.push(`${name}, state ${key}: ${found}`);
    }
    session.destroy();
  }
  return { cases: cases.length, wrong };
}

async function training(kernels, { plan, state, batches }) {
  const session = new Session(kernels, plan);
  session.setState(words(state));
  for (const batch of batches) await session.run(words(batch));
  const found = await session.state();
  return Object.fromEntries(Object.entries(found).map(([name, list]) => [name, Array.from(list)]));
}

try {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("this browser has no WebGPU adapter");
  const device = await adapter.requestDevice();
  const failures = [];
  device.addEventListener("uncapturederror", (event) => failures.push(event.error.message));
  const work = await (await fetch("/work.json")).json();
  const kernels = new Kernels(device, work.kernels);
  const { vendor, architecture, description } = adapter.info;
  const found = { adapter: `${vendor} ${architecture} ${description}`.trim() };
  found.probe = await probe(kernels, work.probe);
  found.vectors = await vectors(kernels, work.vectors);
  found.training = await training(kernels, work.training);
  found.failures = failures;
  await post(found);
} catch (error) {
  await post({ error: String(error) });
}

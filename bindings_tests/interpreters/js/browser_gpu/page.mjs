// The page: opens the device, probes it, runs the vectors and trains from a job file, all with the shaders that the desktop uses;
// then shows what it found and posts it to the server that it came from.
import { fingerprint, readSafetensors, tensor, train, trainJob } from "../paragon.mjs";
import { Kernels, Session } from "./plan.mjs";

const show = (text) => document.querySelector("pre").append(`${text}\n`);
let doing = "opening the device";
const get = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
};
const words = (lists) => Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, Uint32Array.from(list)]));
const canonical = (word, dtype) => (dtype === "f32" && (word & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : word >>> 0);

function differs(got, want, dtype) {
  if (got.length !== want.length) return `${got.length} words, not ${want.length}`;
  const i = got.findIndex((word, at) => canonical(word, dtype) !== canonical(want[at], dtype));
  return i < 0 ? "" : `word ${i} is ${canonical(got[i], dtype).toString(16)}, not ${canonical(want[i], dtype).toString(16)}`;
}

/** Each check of the probe: whether its known answers came out, on each path, and whether the paths agree on all triples. */
async function probe(kernels, { cases, columns, floats, plans, triples }) {
  const found = {};
  const all = {};
  for (const [path, plan] of Object.entries(plans)) {
    const session = new Session(kernels, plan);
    const { rows } = await session.run({ triples: Uint32Array.from(triples) });
    all[path] = rows.map((word, i) => canonical(word, i % columns.length < floats ? "f32" : "u32"));
    found[path] = {};
    cases.forEach(([check, column, want], i) => {
      found[path][check] = (found[path][check] ?? true) && all[path][i * columns.length + columns.indexOf(column)] === want;
    });
    session.destroy();
  }
  const agree = all.native.every((word, i) => word === all.integer[i]);
  return { ...found, triples: triples.length / 3 - cases.length, agree };
}

async function vectors(kernels, cases) {
  const wrong = [];
  for (const { name, plan, inputs, state, outputs, updated } of cases) {
    doing = name;
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

/** The words of a tensor of the interpreter, and back. */
const wordsOf = ({ data }) => new Uint32Array(data.buffer, data.byteOffset, data.length);
function tensorOf([, dtype, shape], list) {
  const made = tensor(dtype, shape);
  wordsOf(made).set(list);
  return made;
}

/** Trains from a job file: the interpreter says which rows each step takes, the device does the steps. */
async function training(device, file, { kernels, plan }) {
  const session = new Session(new Kernels(device, kernels), plan);
  for (const [name, place] of Object.entries(plan.state)) session.write(place, wordsOf(file.tensors.get(name)));
  let inputs = new Map();
  const noted = { run: (given) => ((inputs = new Map(given)), { outputs: new Map() }), state: new Map() };
  for (const _ of trainJob(file, () => noted)) {
    await session.run(Object.fromEntries([...inputs].map(([name, value]) => [name, wordsOf(value)])));
  }
  const state = Object.entries(await session.state()).map(([name, list]) => [name, tensorOf(plan.state[name], list)]);
  return { webgpu: fingerprint(state), javascript: fingerprint(train(file).state) };
}

async function check() {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("this browser has no WebGPU adapter");
  const device = await adapter.requestDevice();
  const failures = [];
  device.addEventListener("uncapturederror", (event) => failures.push(event.error.message));
  device.lost.then(({ message }) => failures.push(`the device was lost: ${message}`));
  const { vendor, architecture, description } = adapter.info;
  const found = { adapter: `${vendor} ${architecture} ${description}`.trim(), failures };
  show(found.adapter);
  const work = await (await get("/work.json")).json();
  const kernels = new Kernels(device, work.kernels);
  doing = "the probe";
  found.probe = await probe(kernels, work.probe);
  for (const path of ["native", "integer"]) {
    const failed = Object.entries(found.probe[path]).filter(([, ok]) => !ok).map(([name]) => name);
    show(`${path} arithmetic: ${failed.length ? `not so: ${failed.join("; ")}` : "right"}`);
  }
  doing = "training";
  const file = readSafetensors(new Uint8Array(await (await get("/job.safetensors")).arrayBuffer()));
  found.training = await training(device, file, await (await get("/plan.json")).json());
  for (const [who, print] of Object.entries(found.training)) show(`trained by ${who}: ${print}`);
  found.vectors = await vectors(kernels, work.vectors);
  show(`${found.vectors.cases} cases, ${found.vectors.wrong.length} wrong (one is planted)\n${found.vectors.wrong.join("\n")}`);
  return found;
}

const found = await check().catch((error) => ({ error: `${doing}: ${error}\n${error.stack}` }));
if (found.error) show(found.error);
await fetch("/result", { method: "POST", body: JSON.stringify(found) });

// The page: runs the vectors and training jobs in this browser, with the interpreter or with the compiled core.

import { digitsJob } from "../examples/digits.mjs";
import { Session, fingerprint, readSafetensors, runVectors, trainJob } from "../paragon.mjs";

/** @typedef {import("../src/session.mjs").Open} Open */
/** @typedef {(text: string) => void} Show */

/** @type {(id: string) => any} */
const element = (id) => document.getElementById(id);

/** @type {() => Promise<void>} lets the page draw and answer */
const pause = () => new Promise((resolve) => setTimeout(resolve));

/** @type {() => Promise<Open>} what the page's visitor chose */
async function executor() {
  if (element("executor").value === "interpreter") return (program, state) => new Session(program, state);
  const { load } = await import("../../../bindings/wasm/paragon.mjs");
  const paragon = await load();
  return (program, state) => paragon.session(program, state);
}

/** @type {(id: string, work: (show: Show, open: Open) => Promise<void>) => Promise<void>} */
async function report(id, work) {
  const output = element(id);
  output.className = "";
  delete output.dataset.result;
  /** @type {Show} */
  const show = (text) => void (output.textContent = text);
  show("");
  try {
    await work(show, await executor());
    output.dataset.result = "passed";
  } catch (error) {
    show(`${output.textContent}\n${/** @type {Error} */ (error).message}`);
    output.className = output.dataset.result = "failed";
  }
}

/** @type {(path: string) => Promise<Response>} */
async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  return response;
}

/** @type {(show: Show, open: Open) => Promise<void>} */
async function vectors(show, open) {
  /** @type {string[]} */
  const names = await (await get("/vectors.json")).json();
  let total = 0;
  const failures = [];
  for (const name of names) {
    const verdicts = runVectors(readSafetensors(new Uint8Array(await (await get(`/vectors/${name}`)).arrayBuffer())), open);
    total += verdicts.length;
    for (const { name: label, failure } of verdicts) if (failure !== null) failures.push(`${name}: ${label}: ${failure}`);
    show(`${total - failures.length} of ${total} cases in ${names.length} files pass`);
    await pause();
  }
  if (failures.length > 0 || total === 0) throw new Error(failures.join("\n") || "no case was found");
}

/** @type {(file: import("../src/safetensors.mjs").TensorFile, show: Show, open: Open) => Promise<void>} */
async function training(file, show, open) {
  const start = performance.now();
  const steps = trainJob(file, open);
  for (;;) {
    const { done, value } = steps.next();
    const seconds = ((performance.now() - start) / 1000).toFixed(2);
    if (done) {
      show(`fingerprint ${fingerprint(value.state)}\n${seconds} s`);
      return;
    }
    const scalars = Array.from(value.outputs).filter(([, x]) => x.data.length === 1);
    show(`step ${value.step} of ${value.steps}, ${seconds} s\n${scalars.map(([name, x]) => `${name} ${x.data[0]}`).join("\n")}`);
    element("progress").value = value.step / value.steps;
    await pause();
  }
}

element("run-vectors").onclick = () => report("vectors", vectors);
element("train").onclick = () => report("training", (show, open) => training(digitsJob(), show, open));
element("job").onchange = (/** @type {any} */ event) =>
  report("training", async (show, open) => {
    const bytes = await event.target.files[0].arrayBuffer();
    await training(readSafetensors(new Uint8Array(bytes)), show, open);
  });

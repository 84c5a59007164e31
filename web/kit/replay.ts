// Trains a recorded run again, from what it kept: programs, the first state, rows, and the order that the seed gives. After each span
// of the trace the state's fingerprint is compared with the record.

import { Session, fingerprint, permutation } from "../../bindings_tests/interpreters/js/paragon.mjs";
import { type Tensors, takeRows } from "./tensors.ts";

export interface Job {
  step: unknown;
  rest: unknown; // null when every batch is whole
  initial: Tensors;
  /** States that only the step program, or only the smaller batch's program, reads: constants of its own. */
  captured: readonly string[];
  restConstants: Tensors;
  data: Tensors;
  seed: number;
  batch: number;
  steps: number;
  trace: { every: number; states: readonly string[] };
  expected: { initial: string; final: string | null; data: string };
}

/** After a step. `checked` states of the trace have been equal so far. */
export interface Progress {
  step: number;
  loss: number | null;
  checked: number;
}

/** How it ends: equal, or the first span (steps counted from 1) that ends in another state. */
export type Outcome =
  | { equal: true; final: string; checked: number; steps: number }
  | { equal: false; what: string; span: [number, number] | null; found: string; expected: string; steps: number };

const EPOCH_STREAM = 2 ** 31;

/** A generator that pauses after every step. Throws an Error for a job that cannot be run. */
export function* replay(job: Job): Generator<Progress, Outcome> {
  const refused = begins(job);
  if (refused) return refused;
  const rows = [...job.data.values()][0].shape[0];
  const each = Math.floor(rows / job.batch) + (job.rest !== null && rows % job.batch > 0 ? 1 : 0);
  const seed: [number, number] = [job.seed % 2 ** 32, Math.floor(job.seed / 2 ** 32)];
  const machine = new Machine(job, seed);
  let order: Uint32Array = new Uint32Array();
  let checked = 0;
  for (let t = 0; t < job.steps; t++) {
    const [epoch, i] = [Math.floor(t / each), t % each];
    if (i === 0) order = permutation(rows, seed, (EPOCH_STREAM + epoch) >>> 0);
    const outputs = machine.run(order.subarray(i * job.batch, Math.min((i + 1) * job.batch, rows)));
    if ((t + 1) % job.trace.every === 0 && checked < job.trace.states.length) {
      const found = machine.fingerprint();
      const expected = job.trace.states[checked];
      if (found !== expected) {
        return { equal: false, what: "ends in another state", span: [t + 2 - job.trace.every, t + 1], found, expected, steps: t + 1 };
      }
      checked++;
    }
    yield { step: t + 1, loss: outputs.get("loss")?.data[0] ?? null, checked };
  }
  const final = machine.fingerprint();
  const expected = job.expected.final;
  if (expected === null) return { equal: false, what: "has no last state in the record", span: null, found: final, expected: "", steps: job.steps };
  if (final !== expected) {
    const start = checked * job.trace.every + 1;
    return { equal: false, what: "ends in another last state", span: [Math.min(start, job.steps), job.steps], found: final, expected, steps: job.steps };
  }
  return { equal: true, final, checked, steps: job.steps };
}

/** Whether the first state and the rows are those of the record; the outcome when they are not. */
function begins(job: Job): Outcome | null {
  for (const [what, tensors, expected] of [
    ["the first state is not that of the record", job.initial, job.expected.initial],
    ["the rows are not those of the record", job.data, job.expected.data],
  ] as const) {
    const found = fingerprint(tensors);
    if (found !== expected) return { equal: false, what, span: null, found, expected, steps: 0 };
  }
  return null;
}

/** The programs for whole and for smaller batches, which share one state. */
class Machine {
  #session: Session;
  #whole = true;
  readonly #names: string[];

  constructor(readonly job: Job, readonly seed: [number, number]) {
    this.#session = new Session(job.step, job.initial);
    this.#names = this.#session.program.state.map(({ name }) => name);
  }

  run(chosen: Uint32Array): Tensors {
    const whole = chosen.length === this.job.batch;
    if (whole !== this.#whole) this.#move(whole);
    const inputs: Tensors = new Map();
    const wanted = new Set(this.#session.program.inputs.map(({ name }) => name));
    for (const [name, value] of this.job.data) if (wanted.has(name)) inputs.set(name, takeRows(value, chosen));
    if (wanted.has("seed") && !this.job.data.has("seed")) inputs.set("seed", { dtype: "u32", shape: [2], data: Uint32Array.from(this.seed) });
    return this.#session.run(inputs).outputs;
  }

  #move(whole: boolean): void {
    const state = this.#state();
    const own = whole ? [] : [...this.job.restConstants];
    this.#session = new Session(whole ? this.job.step : this.job.rest, new Map([...state, ...own]));
    this.#whole = whole;
  }

  /** The state as the program for whole batches has it. */
  #state(): Tensors {
    const present = this.#session.state;
    const fixed = new Set(this.job.captured);
    const found: Tensors = new Map();
    for (const name of this.#names) {
      const value = (fixed.has(name) ? this.job.initial : present).get(name);
      if (!value) throw new Error(`the programs for whole and smaller batches do not share the state ${JSON.stringify(name)}`);
      found.set(name, value);
    }
    return found;
  }

  fingerprint(): string {
    return fingerprint(this.#state());
  }
}

// The worker: everything that is computed with a model or a program, apart from the page, which stays responsive.

import { Session, fingerprint, readSafetensors } from "../../bindings_tests/interpreters/js/paragon.mjs";
import { Sha256 as Sha } from "../../bindings_tests/interpreters/js/src/sha256.mjs";
import { type Outcome, type Progress, replay } from "./replay.ts";
import type { Tensors } from "./tensors.ts";

/** Predict rows with the model of a file; `key` names the model, whose file is needed the first time alone. */
export interface PredictRequest {
  op: "predict";
  key: string;
  model?: Uint8Array;
  x: Float32Array;
  /** Predicted classes that belong into the fingerprint, as a record's `predictions` have it. */
  prediction?: Int32Array;
}
export interface Predicted {
  logits: Float32Array;
  classes: number;
  /** Of the logits, or of the tensors prediction and logits. */
  fingerprint: string;
}

export interface TrainRequest {
  op: "train";
  step: unknown;
  rest: unknown;
  programs: { step: string | null; rest: string | null };
  initial: Uint8Array;
  restConstants: Uint8Array | null;
  data: Uint8Array;
  seed: number;
  batch: number;
  steps: number;
  trace: { every: number; states: readonly string[] };
  expected: { initial: string; final: string | null; data: string };
}
export interface TrainProgress {
  losses: [number, number][]; // [step, loss]
  step: number;
  checked: number;
}

export type Request = PredictRequest | TrainRequest;
export type Message = { id: number; request: Request };
export type Reply = { id: number; done: unknown } | { id: number; progress: TrainProgress } | { id: number; error: string };

interface Model {
  session: Session;
  features: number;
  output: string;
}
const models = new Map<string, Model>();

function modelOf({ key, model }: PredictRequest): Model {
  let found = models.get(key);
  if (!found) {
    if (!model) throw new Error("the model is not loaded");
    const { metadata, tensors } = readSafetensors(model);
    if (metadata.get("format") !== "paragon-model") throw new Error("model.safetensors: is no model file of Paragon");
    const session = new Session(metadata.get("program"), tensors);
    const { inputs, outputs } = session.program;
    if (inputs.length !== 1 || inputs[0].name !== "x" || inputs[0].shape[0] !== 1 || outputs.length !== 1) {
      throw new Error("model.safetensors: its program does not take one row x and give one output");
    }
    found = { session, features: inputs[0].shape.slice(1).reduce((n, d) => n * d, 1), output: outputs[0].name };
    models.set(key, found);
  }
  return found;
}

function predict(request: PredictRequest): Predicted {
  const { session, features, output } = modelOf(request);
  const { x } = request;
  if (x.length === 0 || x.length % features !== 0) throw new Error(`${x.length} numbers are no rows of ${features} features`);
  const rows = x.length / features;
  const shape = session.program.inputs[0].shape;
  let logits = new Float32Array();
  let last: Tensors = new Map();
  for (let i = 0; i < rows; i++) {
    last = session.run(new Map([["x", { dtype: "f32", shape, data: x.subarray(i * features, (i + 1) * features) }]])).outputs;
    const found = last.get(output)?.data as Float32Array;
    if (i === 0) logits = new Float32Array(rows * found.length);
    logits.set(found, i * found.length);
  }
  const classes = logits.length / rows;
  const named: Tensors = new Map([[output, { dtype: "f32", shape: [rows, classes], data: logits }]]);
  if (request.prediction) named.set("prediction", { dtype: "i32", shape: [rows], data: request.prediction });
  return { logits, classes, fingerprint: fingerprint(named) };
}

function train(request: TrainRequest, tell: (progress: TrainProgress) => void): Outcome {
  for (const [name, program, expected] of [["program_step.json", request.step, request.programs.step], ["program_rest.json", request.rest, request.programs.rest]] as const) {
    if (expected === null) continue;
    const found = new Sha().update(new TextEncoder().encode(JSON.stringify(program))).hex();
    if (found !== expected) return { equal: false, what: `${name} is not the program of the record`, span: null, found, expected, steps: 0 };
  }
  const { metadata, tensors: initial } = readSafetensors(request.initial);
  const steps = replay({
    ...request,
    initial,
    captured: JSON.parse(metadata.get("captured") ?? "[]") as string[],
    restConstants: request.restConstants ? readSafetensors(request.restConstants).tensors : new Map(),
    data: readSafetensors(request.data).tensors,
  });
  let losses: [number, number][] = [];
  let told = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    const now = performance.now();
    if (!done && value.loss !== null) losses.push([value.step, value.loss]);
    if (done || now - told > 80) {
      if (losses.length) tell({ losses, step: losses[losses.length - 1][0], checked: done ? 0 : (value as Progress).checked });
      losses = [];
      told = now;
    }
    if (done) return value;
  }
}

self.onmessage = ({ data: { id, request } }: MessageEvent<Message>) => {
  const send = (reply: Reply) => (self as unknown as Worker).postMessage(reply);
  try {
    const done = request.op === "predict" ? predict(request) : train(request, (progress) => send({ id, progress }));
    send({ id, done });
  } catch (error) {
    send({ id, error: error instanceof Error ? error.message : String(error) });
  }
};

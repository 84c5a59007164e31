// The page's side of the worker: the reference interpreter runs there, from code that the page itself carries.

import code from "worker:./kit/worker.ts";
import type { Outcome } from "./replay.ts";
import type { Message, Predicted, PredictRequest, Reply, Request, TrainProgress, TrainRequest } from "./worker.ts";

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  tell?: (progress: TrainProgress) => void;
}

/** One worker. It is started by the first request, and can be stopped. */
export class Interpreter {
  #worker: Worker | null = null;
  #waiting = new Map<number, Waiting>();
  #loaded = new Set<string>();
  #next = 0;

  /** Rows through a model. `load` gives the model's file; it is asked once for each key. */
  async predict(key: string, load: () => Promise<Uint8Array>, x: Float32Array, prediction?: Int32Array): Promise<Predicted> {
    const request: PredictRequest = { op: "predict", key, x, prediction };
    if (!this.#loaded.has(key)) request.model = await load();
    const found = (await this.#ask(request)) as Predicted;
    this.#loaded.add(key);
    return found;
  }

  train(request: TrainRequest, tell: (progress: TrainProgress) => void): Promise<Outcome> {
    return this.#ask(request, tell) as Promise<Outcome>;
  }

  /** Ends what is going on; its promise is rejected with the message "stopped". */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#loaded.clear();
    for (const { reject } of this.#waiting.values()) reject(new Error("stopped"));
    this.#waiting.clear();
  }

  #ask(request: Request, tell?: (progress: TrainProgress) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject, tell });
      this.#start().postMessage({ id, request } satisfies Message);
    });
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const worker = new Worker(url);
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      const waiting = this.#waiting.get(data.id);
      if ("progress" in data) {
        waiting?.tell?.(data.progress);
        return;
      }
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.done);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message || "the browser allows no worker here"));
      this.#waiting.clear();
    };
    this.#worker = worker;
    return worker;
  }
}

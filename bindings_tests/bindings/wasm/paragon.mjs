// The compiled core in WebAssembly, for Node and browsers: model files and programs, run and trained.
//
//   const paragon = await load();                       // paragon.wasm beside this file
//   const session = paragon.open(bytes);                // a model file
//   const { outputs } = session.run(new Map([["x", { dtype: "f32", shape: [1, 64], data }]]));
//
// Thin: every method is a call or two of the C interface (csrc/include/paragon.h). A tensor is { dtype, shape, data }, as in
// the reference interpreter (bindings_tests/interpreters/js), whose sessions these can stand in for.

/** @typedef {"f32" | "i32" | "u32"} DType */
/** @typedef {Float32Array | Int32Array | Uint32Array} Data */
/** @typedef {{dtype: DType, shape: readonly number[], data: Data}} Tensor */
/** @typedef {{name: string, dtype: DType, shape: number[], elements: number}} Spec */

const DTYPES = /** @type {const} */ (["f32", "i32", "u32"]);
const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array };
const LISTS = { inputs: 0, state: 1, outputs: 2 };
const TENSOR_SIZE = 88; // struct pg_tensor with 32-bit pointers: name, dtype, rank, 4 bytes, shape[8] of 64 bits, elements
const FINGERPRINT_SIZE = 65;
const MEMORY_LIMIT = 2 ** 31;

/**
 * Loads the module.
 * @param {BufferSource | Response | Promise<Response>} [source] paragon.wasm; by default the one beside this file
 * @returns {Promise<Paragon>}
 */
export async function load(source) {
  const given = await (source ?? standard());
  const bytes = given instanceof Response ? await given.arrayBuffer() : given;
  const { instance } = await WebAssembly.instantiate(/** @type {BufferSource} */ (bytes), imports(() => instance.exports));
  const library = new Library(/** @type {any} */ (instance.exports));
  library.c._initialize();
  return new Paragon(library);
}

/** @returns {Promise<Response | Uint8Array>} */
async function standard() {
  const url = new URL("paragon.wasm", import.meta.url);
  if (url.protocol !== "file:") return fetch(url);
  const { readFile } = await import("node:fs/promises");
  return readFile(url);
}

/**
 * What the C library wants of a system: nothing is in its environment, and it cannot end the process.
 * @param {() => any} exports
 * @returns {any}
 */
function imports(exports) {
  const zeros = (/** @type {number[]} */ ...addresses) => {
    for (const address of addresses) new DataView(exports().memory.buffer).setUint32(address, 0, true);
    return 0;
  };
  return {
    env: { emscripten_notify_memory_growth() {} },
    wasi_snapshot_preview1: {
      environ_sizes_get: zeros,
      environ_get: () => 0,
      clock_time_get: (/** @type {number} */ _clock, /** @type {bigint} */ _precision, /** @type {number} */ address) =>
        zeros(address, address + 4),
      proc_exit(/** @type {number} */ status) {
        throw new Error(`paragon.wasm ended with status ${status}`);
      },
    },
  };
}

/** The exports and their memory, which moves when it grows: views of it are made anew. */
class Library {
  /** @param {{[name: string]: any}} exports */
  constructor(exports) {
    this.c = exports;
  }

  /** @type {(address: number, size: number) => Uint8Array} */
  bytes(address, size) {
    return new Uint8Array(this.c.memory.buffer, address, size);
  }

  /** @type {(address: number) => string} */
  text(address) {
    const memory = new Uint8Array(this.c.memory.buffer);
    return new TextDecoder().decode(memory.subarray(address, memory.indexOf(0, address)));
  }

  /** @type {() => Error} */
  error() {
    return new Error(this.text(this.c.pg_last_error()));
  }

  /** @type {(status: number) => void} */
  check(status) {
    if (status !== 0) throw this.error();
  }

  /** @type {(address: number) => number} */
  made(address) {
    if (address === 0) throw this.error();
    return address;
  }

  /**
   * Calls `use` with a block of memory, which is freed afterwards.
   * @template T
   * @param {number} size
   * @param {(address: number) => T} use
   * @returns {T}
   */
  block(size, use) {
    const address = this.c.malloc(size || 1);
    if (address === 0) throw new Error(`paragon.wasm has no room for ${size} bytes`);
    try {
      return use(address);
    } finally {
      this.c.free(address);
    }
  }

  /**
   * Calls `use` with a block that holds the arrays one after another, and each one's address.
   * @template T
   * @param {{bytes: Uint8Array}[]} arrays
   * @param {(addresses: number[]) => T} use
   * @returns {T}
   */
  arrays(arrays, use) {
    const offsets = [0];
    for (const { bytes } of arrays) offsets.push(offsets[offsets.length - 1] + bytes.length);
    return this.block(offsets[arrays.length], (start) => {
      arrays.forEach(({ bytes }, i) => this.bytes(start + offsets[i], bytes.length).set(bytes));
      return use(arrays.map((_, i) => start + offsets[i]));
    });
  }

  /**
   * Calls `use` with an array of addresses.
   * @template T
   * @param {number[]} addresses
   * @param {(address: number) => T} use
   * @returns {T}
   */
  pointers(addresses, use) {
    return this.arrays([{ bytes: new Uint8Array(Uint32Array.from(addresses).buffer) }], ([address]) => use(address));
  }
}

/** @type {(data: Data) => Uint8Array} */
const bytesOf = (data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export class Paragon {
  #library;

  /** @param {Library} library */
  constructor(library) {
    this.#library = library;
  }

  /** @returns {string} */
  get version() {
    return this.#library.text(this.#library.c.pg_version());
  }

  /**
   * Checks a file as its format says: a model, a training job, vectors, or tensors (docs/files.md).
   * @param {Uint8Array} bytes the whole file
   * @throws {Error} saying what is wrong
   */
  check(bytes) {
    const library = this.#library;
    library.arrays([{ bytes }], ([address]) => library.check(library.c.pg_check_memory(address, bytes.length)));
  }

  /**
   * Opens a model file.
   * @param {Uint8Array} bytes the whole file
   * @param {{program?: string, memory?: number}} [options] a program under "program.NAME"; the bytes a session may take
   * @returns {Session}
   * @throws {Error} saying what is wrong with the file
   */
  open(bytes, { program, memory = MEMORY_LIMIT } = {}) {
    const library = this.#library;
    const name = { bytes: new TextEncoder().encode(`${program ?? ""}\0`) };
    return library.arrays([{ bytes }, name], ([address, text]) => {
      const model = library.c.pg_model_from_memory(address, bytes.length, program === undefined ? 0 : text);
      return new Session(library, library.made(model), memory);
    });
  }

  /**
   * Opens a program with a state.
   * @param {unknown} program JSON text, or what it says
   * @param {Map<string, Tensor>} [state] tensors under the states' names; others are left aside
   * @param {{memory?: number}} [options]
   * @returns {Session}
   * @throws {Error} saying what is wrong with the program or the state
   */
  session(program, state = new Map(), { memory = MEMORY_LIMIT } = {}) {
    const library = this.#library;
    const bytes = new TextEncoder().encode(typeof program === "string" ? program : JSON.stringify(program));
    const model = library.arrays([{ bytes }], ([address]) => library.c.pg_model_from_json(address, bytes.length));
    const session = new Session(library, library.made(model), memory);
    try {
      session.state = state;
      return session;
    } catch (error) {
      session.free();
      throw error;
    }
  }
}

export class Session {
  #library;
  #session;
  /** @type {Spec[]} */ inputs;
  /** @type {Spec[]} */ outputs;
  /** @type {Spec[]} */ #states;

  /**
   * @param {Library} library
   * @param {number} model is freed
   * @param {number} memory
   */
  constructor(library, model, memory) {
    const { c } = library;
    this.#library = library;
    try {
      [this.inputs, this.#states, this.outputs] = Object.values(LISTS).map((list) => specs(library, model, list));
      this.#session = library.pointers([0, 1, memory], (options) => library.made(c.pg_session_open(model, options)));
    } finally {
      c.pg_model_free(model);
    }
  }

  /**
   * One run, which also replaces the updated states.
   * @param {Map<string, Tensor>} inputs one tensor for each input
   * @returns {{outputs: Map<string, Tensor>}}
   * @throws {Error} for a missing, unfit or unknown input
   */
  run(inputs) {
    const library = this.#library;
    for (const name of inputs.keys()) {
      if (!this.inputs.some((spec) => spec.name === name)) throw new Error(`the program has no input ${JSON.stringify(name)}`);
    }
    const data = this.inputs.map((spec) => ({ bytes: bytesOf(fit("input", spec, inputs)) }));
    const room = this.outputs.map(({ elements }) => ({ bytes: new Uint8Array(4 * elements) }));
    const outputs = library.arrays([...data, ...room], (addresses) => {
      const to = addresses.slice(data.length);
      library.pointers(addresses, (table) =>
        library.check(library.c.pg_session_run(this.#session, table, table + 4 * data.length)));
      return this.outputs.map((spec, i) => /** @type {[string, Tensor]} */ ([spec.name, this.#read(spec, to[i])]));
    });
    return { outputs: new Map(outputs) };
  }

  /** @type {(spec: Spec, address: number) => Tensor} */
  #read({ dtype, shape, elements }, address) {
    return { dtype, shape, data: new ARRAYS[dtype](this.#library.bytes(address, 4 * elements).slice().buffer) };
  }

  /** @returns {Map<string, Tensor>} a copy of all states */
  get state() {
    const library = this.#library;
    return new Map(this.#states.map((spec, i) => library.block(4 * spec.elements, (address) => {
      library.check(library.c.pg_session_get_state(this.#session, i, address));
      return [spec.name, this.#read(spec, address)];
    })));
  }

  /** @param {Map<string, Tensor>} tensors one for each state; others are left aside */
  set state(tensors) {
    const library = this.#library;
    this.#states.forEach((spec, i) => library.arrays([{ bytes: bytesOf(fit("state", spec, tensors)) }], ([address]) =>
      library.check(library.c.pg_session_set_state(this.#session, i, address))));
  }

  /** @returns {string} of the state */
  get fingerprint() {
    const library = this.#library;
    return library.block(FINGERPRINT_SIZE, (address) => {
      library.check(library.c.pg_session_fingerprint(this.#session, address));
      return library.text(address);
    });
  }

  /** Gives the session's memory back; it cannot be used afterwards. */
  free() {
    this.#library.c.pg_session_free(this.#session);
    this.#session = 0;
  }
}

/** @type {(library: Library, model: number, list: number) => Spec[]} */
function specs(library, model, list) {
  return Array.from({ length: library.c.pg_model_count(model, list) }, (_, i) => library.block(TENSOR_SIZE, (address) => {
    library.check(library.c.pg_model_tensor(model, list, i, address));
    const view = new DataView(library.c.memory.buffer, address, TENSOR_SIZE);
    return {
      name: library.text(view.getUint32(0, true)),
      dtype: DTYPES[view.getUint32(4, true)],
      shape: Array.from({ length: view.getUint32(8, true) }, (_, axis) => Number(view.getBigInt64(16 + 8 * axis, true))),
      elements: view.getUint32(80, true),
    };
  }));
}

/** @type {(kind: string, spec: Spec, tensors: Map<string, Tensor>) => Data} */
function fit(kind, { name, dtype, shape, elements }, tensors) {
  const value = tensors.get(name);
  const wanted = `the ${kind} ${JSON.stringify(name)} is ${dtype}[${shape.join(", ")}]`;
  if (!value) throw new Error(`${wanted}; it is missing`);
  if (value.dtype !== dtype || value.shape.join() !== shape.join() || value.data.length !== elements) {
    throw new Error(`${wanted}, not ${value.dtype}[${value.shape.join(", ")}]`);
  }
  return value.data;
}

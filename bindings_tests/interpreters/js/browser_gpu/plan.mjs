// Runs exported plans (python/paragon/executors/webgpu/export.py) on a GPUDevice. All data are Uint32Arrays of words.

const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
const size = (bytes) => Math.max(16, Math.ceil(bytes / 16) * 16);

/** Compiled kernels, by number. */
export class Kernels {
  constructor(device, texts) {
    Object.assign(this, { device, texts, compiled: new Map() });
    this.guard = device.createBuffer({ size: 32, usage: STORAGE });
  }

  get(number) {
    if (!this.compiled.has(number)) {
      const code = this.texts[number];
      const compute = { module: this.device.createShaderModule({ code }), entryPoint: "main" };
      const pipeline = this.device.createComputePipeline({ layout: "auto", compute });
      this.compiled.set(number, { pipeline, guarded: code.includes("guard: array<u32>") });
    }
    return this.compiled.get(number);
  }

  bind(number, buffers) {
    const { pipeline, guarded } = this.get(number);
    const entries = buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }));
    if (guarded) entries.push({ binding: 0, resource: { buffer: this.guard } });
    return { pipeline, group: this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
  }
}

/** A program on the device, with its state. */
export class Session {
  constructor(kernels, plan) {
    this.device = kernels.device;
    this.plan = plan;
    this.memory = plan.slots.map((bytes) => this.device.createBuffer({ size: size(bytes), usage: STORAGE | COPY_SRC | COPY_DST }));
    this.steps = plan.dispatches.map(([number, slots, groups]) => ({ ...kernels.bind(number, slots.map((s) => this.memory[s])), groups }));
    for (const [slot, words] of plan.tables) this.write([slot], Uint32Array.from(words));
  }

  write([slot], words) {
    if (words.length) this.device.queue.writeBuffer(this.memory[slot], 0, words);
  }

  setState(state) {
    for (const [name, words] of Object.entries(state)) this.write(this.plan.state[name], words);
  }

  /** Runs once: the outputs by name; then the updated states are replaced all at once. */
  async run(inputs) {
    for (const [name, place] of Object.entries(this.plan.inputs)) this.write(place, inputs[name]);
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, group, groups } of this.steps) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...groups);
    }
    pass.end();
    const read = this.#copyOut(encoder, this.plan.outputs);
    const aside = this.plan.updates.filter(([, , bytes]) => bytes).map(([to, from, bytes]) => {
      const buffer = this.device.createBuffer({ size: size(bytes), usage: COPY_SRC | COPY_DST });
      encoder.copyBufferToBuffer(this.memory[from], 0, buffer, 0, bytes);
      return [to, buffer, bytes];
    });
    for (const [to, buffer, bytes] of aside) encoder.copyBufferToBuffer(buffer, 0, this.memory[to], 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    const found = await read();
    for (const [, buffer] of aside) buffer.destroy();
    return found;
  }

  /** The state by name. */
  async state() {
    const encoder = this.device.createCommandEncoder();
    const read = this.#copyOut(encoder, this.plan.state);
    this.device.queue.submit([encoder.finish()]);
    return read();
  }

  #copyOut(encoder, places) {
    const copies = Object.entries(places).map(([name, [slot, , shape]]) => {
      const bytes = 4 * shape.reduce((n, d) => n * d, 1);
      const buffer = this.device.createBuffer({ size: size(bytes), usage: MAP_READ | COPY_DST });
      if (bytes) encoder.copyBufferToBuffer(this.memory[slot], 0, buffer, 0, bytes);
      return { name, bytes, buffer };
    });
    return async () => {
      const found = {};
      for (const { name, bytes, buffer } of copies) {
        await buffer.mapAsync(GPUMapMode.READ);
        found[name] = new Uint32Array(buffer.getMappedRange(0, size(bytes)).slice(0, bytes));
        buffer.destroy();
      }
      return found;
    };
  }

  destroy() {
    for (const buffer of this.memory) buffer.destroy();
  }
}

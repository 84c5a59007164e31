// node example.mjs MODEL: loads a model file and predicts.
import { readFile } from "node:fs/promises";
import { load } from "./paragon.mjs";

const paragon = await load();
const session = paragon.open(await readFile(process.argv[2]));
const { name, dtype, shape, elements } = session.inputs[0];
const { outputs } = session.run(new Map([[name, { dtype, shape, data: new Float32Array(elements).fill(0.5) }]]));
for (const [label, { data }] of outputs) console.log(label, data);

// Paragon programs in JavaScript: a reference interpreter written from the contract (docs/contract.md) and the program
// format (docs/program.md), for Node and browsers, without dependencies.

export { fma, fromWord, toWord } from "./src/f32.mjs";
export { cospi, erf, exp, expm1, log, log1p, sinpi, tanh } from "./src/elementary.mjs";
export { RUN, fileFingerprint, fingerprint } from "./src/fingerprint.mjs";
export { checkFile, exactly, readModel } from "./src/kinds.mjs";
export { signatures } from "./src/operations.mjs";
export { bits, permutation } from "./src/philox.mjs";
export { Builder, parseProgram } from "./src/program.mjs";
export { headerLength, readHeader, readSafetensors, writeSafetensors } from "./src/safetensors.mjs";
export { DEFAULT_MEMORY, Session } from "./src/session.mjs";
export { observedWords, tensor } from "./src/tensor.mjs";
export { train, trainJob } from "./src/train.mjs";
export { runVectors } from "./src/vectors.mjs";

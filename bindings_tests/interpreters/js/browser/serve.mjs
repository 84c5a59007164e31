// Serves the page, the interpreter, the WebAssembly module and the vectors on 127.0.0.1: node browser/serve.mjs [PORT]

import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const SERVED = /^\/(interpreters\/js|bindings\/wasm|vectors)\//;
/** @type {{[extension: string]: string}} */
const TYPES = { ".html": "text/html", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

/** @type {(path: string) => Promise<Uint8Array>} a file under the folders that are served, or the list of vectors */
async function content(path) {
  if (path === "/vectors.json") {
    const names = readdirSync(join(ROOT, "vectors")).filter((name) => name.endsWith(".safetensors"));
    return Buffer.from(JSON.stringify(names.sort()));
  }
  const inside = normalize(path); // an absolute path: no .. remains
  if (!SERVED.test(inside)) throw new Error("not served");
  return readFile(join(ROOT, inside));
}

/**
 * @param {number} port 0 for any that is free
 * @returns {Promise<{url: string, close: () => void}>}
 */
export function serve(port) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    try {
      const body = await content(pathname === "/" ? "/interpreters/js/browser/index.html" : decodeURIComponent(pathname));
      response.writeHead(200, { "content-type": TYPES[extname(pathname)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const { port: bound } = /** @type {import("node:net").AddressInfo} */ (server.address());
      resolve({ url: `http://127.0.0.1:${bound}/interpreters/js/browser/index.html`, close: () => server.close() });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await serve(Number(process.argv[2] ?? 8000))).url);

// Files of Node: read if they are regular, replaced so that a reader finds the old one or the whole new one.

import { randomUUID } from "node:crypto";
import {
  closeSync, constants, fchmodSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, readdirSync, readlinkSync, renameSync, rmSync,
  statSync, writeSync,
} from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";
import { headerLength, readHeader } from "./paragon.mjs";

const MAX_LINKS = 40; // that lead from one to the next

/**
 * @template T
 * @param {string} path
 * @param {() => T} action
 * @returns {T} what the action returns; its errors name the path
 */
export function naming(path, action) {
  try {
    return action();
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw message.includes(path) ? error : new Error(`${path}: ${message}`);
  }
}

/**
 * Opens a regular file; what is none (a FIFO, a device) might never end.
 * @template T
 * @param {string} path
 * @param {(file: number) => T} use
 * @returns {T}
 */
function withRegular(path, use) {
  if (!statSync(path).isFile()) throw new Error("not a regular file");
  const file = openSync(path, "r");
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** @type {(path: string) => Uint8Array} the content of a regular file */
export const readRegular = (path) => withRegular(path, (file) => readFileSync(file));

/**
 * The header of a safetensors file, checked against the file's size; the data are not read.
 * @param {string} path
 * @returns {import("./src/safetensors.mjs").Header}
 */
export function readHead(path) {
  return withRegular(path, (file) => {
    const { size } = fstatSync(file); // of the file that was opened: another may be in its place
    const length = headerLength(readAt(file, 0, Math.min(8, size)), size);
    return readHeader(readAt(file, 8, length), size - 8 - length);
  });
}

/** @type {(file: number, from: number, length: number) => Uint8Array} */
function readAt(file, from, length) {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const n = readSync(file, bytes, at, length - at, from + at);
    if (n === 0) throw new Error("the file became shorter while it was read");
    at += n;
  }
  return bytes;
}

/** @type {(folder: string) => string[]} the names in a folder, sorted by their bytes */
export const namesIn = (folder) => readdirSync(folder).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** @type {(path: string) => boolean} whether a path leads to a regular file */
const isRegular = (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** @type {(path: string) => string[]} the path, or the regular files of the folder that it is */
export function filesAt(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const files = namesIn(path).map((name) => `${path}/${name}`).filter(isRegular);
  if (files.length === 0) throw new Error("a folder without files");
  return files;
}

/** @type {(path: string) => string} where a path leads in the end, also where nothing is yet */
function followLinks(path) {
  for (let i = 0; i < MAX_LINKS; i++) {
    let next;
    try {
      next = readlinkSync(path);
    } catch {
      return path; // not a link
    }
    path = isAbsolute(next) ? next : `${dirname(path)}/${next}`;
  }
  throw new Error("too many links");
}

/** @type {(file: number, bytes: Uint8Array) => void} */
function writeAll(file, bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/**
 * Writes beside the target, flushes it to the disk, renames. Links are followed, the permissions of a file that is there are
 * kept, and what is no regular file (a device, a FIFO) is written through.
 * @param {string} path
 * @param {Uint8Array} bytes
 */
export function replaceFile(path, bytes) {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there && !there.isFile()) {
    const file = openSync(path, constants.O_WRONLY);
    try {
      writeAll(file, bytes);
    } finally {
      closeSync(file);
    }
    return;
  }
  const target = followLinks(path);
  const temporary = `${dirname(target)}/.${basename(target)}.${randomUUID()}.tmp`; // of no other writer, in whatever thread
  try {
    const file = openSync(temporary, "wx");
    try {
      if (there) fchmodSync(file, there.mode & 0o7777);
      writeAll(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

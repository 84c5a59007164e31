// Files of Node: read if they are regular, replaced so that a reader finds the old one or the whole new one.

import { randomUUID } from "node:crypto";
import { closeSync, constants, fchmodSync, fsyncSync, openSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";

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

/** @type {(path: string) => Uint8Array} the content of a regular file; what is none (a FIFO, a device) might never end */
export function readRegular(path) {
  if (!statSync(path).isFile()) throw new Error("not a regular file");
  return readFileSync(path);
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

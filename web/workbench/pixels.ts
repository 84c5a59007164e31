// The pixels of a run's test rows: within predictions.json, or in a file of their own that is read when it is wanted.

import { DataError, type Root, type Run } from "../kit/data.ts";

const kept = new Map<string, Promise<Uint8Array>>();

/** Bytes, row by row. Throws a DataError when there are none, or not as many as rows. */
export function pixelsOf(root: Root, run: Run): Promise<Uint8Array> {
  let found = kept.get(run.id);
  if (!found) {
    found = read(root, run);
    found.catch(() => kept.delete(run.id));
    kept.set(run.id, found);
  }
  return found;
}

async function read(root: Root, run: Run): Promise<Uint8Array> {
  const { predictions } = run;
  const file = `${run.id}/predictions.json`;
  if (!predictions?.image) throw new DataError({ file, field: "image", what: "says of no picture", remedy: "Rows of this data set are no pictures." });
  const { height, width } = predictions.image;
  let bytes: Uint8Array;
  if (predictions.pixels !== null && predictions.pixels !== undefined) {
    bytes = Uint8Array.from(atob(predictions.pixels), (c) => c.charCodeAt(0));
  } else {
    const name = predictions.pixels_file;
    if (!name || !run.record.artifacts.some((a) => a.name === name)) {
      throw new DataError({ file, field: "pixels_file", what: name ? `names ${JSON.stringify(name)}, which is no artifact of the run` : "names no pixels", remedy: "Record the run again." });
    }
    bytes = await root.bytes(`${run.id}/${name}`);
  }
  const wanted = predictions.label.length * height * width;
  if (bytes.length !== wanted) throw new DataError({ file, field: "pixels", what: `has ${bytes.length} bytes, not ${wanted}`, remedy: "Record the run again." });
  return bytes;
}

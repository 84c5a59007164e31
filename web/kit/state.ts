// The state of a page in its address, under short keys, so that a link shows what somebody saw. It stands behind "#": that works from
// files, too.

import { useEffect, useState } from "preact/hooks";

export type State = Readonly<Record<string, string>>;

const listeners = new Set<() => void>();

const read = (): State => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

let present: State = read();

function announce(): void {
  for (const listener of listeners) listener();
}

addEventListener("hashchange", () => {
  present = read();
  announce();
});

/** Changes keys of the state; null takes one out. `push` makes a step that "back" undoes. */
export function change(changes: Record<string, string | null>, push = false): void {
  const next: Record<string, string> = { ...present };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") delete next[key];
    else next[key] = value;
  }
  present = next;
  const hash = `#${new URLSearchParams(next)}`;
  history[push ? "pushState" : "replaceState"](null, "", hash);
  announce();
}

/** The state, and a new drawing whenever it changes. */
export function useAddress(): State {
  const [state, set] = useState(present);
  useEffect(() => {
    const listener = () => set(present);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return state;
}

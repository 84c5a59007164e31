// A fingerprint, so that the eye catches a difference: twelve hex digits, and a pattern of 5x5 drawn from the hash.

import { useState } from "preact/hooks";

/** Which cells of the pattern are inked (mirrored, as faces are easiest to tell apart), and its hue, from the hash's first 18 bits. */
export function pattern(hash: string): { cells: boolean[]; hue: number } {
  const bits = Number(`0x${hash.slice(0, 5)}`) >> 2;
  const half = Array.from({ length: 15 }, (_, i) => ((bits >> i) & 1) === 1);
  const cells = Array.from({ length: 25 }, (_, i) => half[Math.floor(i / 5) * 3 + Math.min(i % 5, 4 - (i % 5))]);
  return { cells, hue: bits >> 15 };
}

export function Pattern({ hash }: { hash: string }) {
  const { cells, hue } = pattern(hash);
  return (
    <svg class={`pattern hue${hue}`} viewBox="0 0 5 5" width="15" height="15" aria-hidden="true">
      {cells.map((inked, i) => inked && <rect x={i % 5} y={Math.floor(i / 5)} width="1" height="1" />)}
    </svg>
  );
}

/** The badge copies the whole hash. `what` says of what it is the fingerprint. */
export function Badge({ hash, what }: { hash: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(hash);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <button type="button" class="badge" onClick={copy} title={`${hash}: copy`} aria-label={`${what}: ${hash.slice(0, 12)} and so on, copy`} data-hash={hash}>
      <Pattern hash={hash} />
      <code>{copied ? "copied      " : hash.slice(0, 12)}</code>
    </button>
  );
}

/** Copies text; the clipboard's interface is missing in insecure contexts, a selection works there, too. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** A state by icon and word. */
export function Mark({ state, children }: { state: "equal" | "differs" | "none" | "stale"; children: preact.ComponentChildren }) {
  const icon = { equal: "✔", differs: "✖", none: "–", stale: "!" }[state];
  return (
    <span class={`mark ${state}`}>
      <span aria-hidden="true">{icon}</span> {children}
    </span>
  );
}

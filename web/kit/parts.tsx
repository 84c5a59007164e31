// Small parts: copies, notices of what is missing, plain figures.

import { Component } from "preact";
import { useState } from "preact/hooks";
import { copyText } from "./badge.tsx";
import type { Trouble } from "./data.ts";

/** A block of text to be copied, such as a command. */
export function Copyable({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div class="copyable">
      <pre tabIndex={0} aria-label={what}>{text}</pre>
      <button type="button" onClick={copy} aria-label={`copy ${what}`}>{copied ? "copied" : "copy"}</button>
    </div>
  );
}

/** Shows what has gone wrong within, instead of nothing. */
export class Boundary extends Component<{ children: preact.ComponentChildren }, { error: unknown }> {
  override state = { error: null as unknown };
  override componentDidCatch(error: unknown) {
    this.setState({ error });
  }
  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return <TroubleNote trouble={{ file: "this view", what: `has failed: ${error instanceof Error ? error.message : String(error)}`, remedy: "The other views go on. paragon runs validate checks the documents of the run; please report what it does not find." }} />;
  }
}

/** What is missing or broken, why, and what mends it. */
export function TroubleNote({ trouble }: { trouble: Trouble }) {
  return (
    <div class="trouble" role="alert">
      <p>
        <span class="mark differs"><span aria-hidden="true">✖</span> not readable</span> <code>{trouble.file}</code>
        {trouble.field && <>: <code>{trouble.field}</code></>} {trouble.what}.
      </p>
      <p class="remedy">{trouble.remedy}</p>
    </div>
  );
}

/** Something that a run does not have, and how it gets it. */
export function Missing({ what, remedy }: { what: string; remedy: string }) {
  return (
    <div class="missing">
      <p>{what}</p>
      <p class="remedy">{remedy}</p>
    </div>
  );
}

/** Figures with their names. */
export function Facts({ rows }: { rows: readonly (readonly [string, preact.ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A number with so many digits after the point; a dash for none. */
export const fixed = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(digits).replace("-", "−");

/** Any setting or figure, short. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : Number(value.toPrecision(5)).toString();
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whole numbers with thin spaces. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");

export const bytes = (n: number): string => (n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`);

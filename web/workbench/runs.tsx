// The run selector: search, groups of runs that differ in their seed alone, and which ones are compared.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Index } from "../generated/documents.ts";
import { Mark } from "../kit/badge.tsx";
import { fixed, grouped } from "../kit/parts.tsx";
import { change, useAddress } from "../kit/state.ts";
import { deviation, mean } from "../kit/stats.ts";
import { mainFigure } from "./app.tsx";

type Entry = Index["runs"][number];
type Item = { entry: Entry; indented: boolean } | { group: string; name: string; entries: Entry[]; figure: string };

const ROW = 48;
const HEIGHT = 480;

/** Whether all words of the search are found in what the list shows of a run. */
function matches(entry: Entry, words: readonly string[]): boolean {
  const text = [entry.id, entry.kind, entry.label, entry.data, entry.status, entry.final, `seed ${entry.seed}`, ...Object.entries(entry.tags).flat()].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Mean and spread of the figure of a group. */
export function spread(entries: readonly Pick<Entry, "metrics">[]): string {
  const [name] = mainFigure(entries[0].metrics);
  const values = name === null ? [] : entries.map(({ metrics }) => metrics[name]).filter((v): v is number => typeof v === "number");
  if (values.length === 0) return "–";
  return values.length === 1 ? fixed(values[0]) : `${fixed(mean(values))} ± ${fixed(deviation(values))}`;
}

export function Runs({ index, chosen, compared, comparing }: { index: Index; chosen: string; compared: readonly string[]; comparing: boolean }) {
  const state = useAddress();
  const search = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDetailsElement>(null);
  const [top, setTop] = useState(0);
  const [open, setOpen] = useState(() => matchMedia("(min-width: 960px)").matches);
  const [shut, setShut] = useState<ReadonlySet<string>>(new Set());
  const byGroup = state.g === "1";
  const query = state.q ?? "";

  const found = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return [...index.runs].reverse().filter((entry) => matches(entry, words));
  }, [index, query]);

  const items = useMemo((): Item[] => {
    if (!byGroup) return found.map((entry) => ({ entry, indented: false }));
    const groups = new Map<string, Entry[]>();
    for (const entry of found) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
    return [...groups].flatMap(([group, entries]): Item[] => [
      { group, entries, name: [entries[0].label ?? entries[0].kind, entries[0].data].filter(Boolean).join(", "), figure: spread(entries) },
      ...(shut.has(group) ? [] : entries.map((entry) => ({ entry, indented: true }))),
    ]);
  }, [found, byGroup, shut]);

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        if (box.current) box.current.open = true; // at once: what is typed next belongs into the search
        search.current?.focus();
      } else if (event.key === "Escape" && event.target === search.current) {
        change({ q: null });
        search.current?.blur();
      }
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);

  const first = Math.max(0, Math.floor(top / ROW) - 6);
  const last = Math.min(items.length, first + Math.ceil(HEIGHT / ROW) + 12);
  const toggle = (group: string) => setShut((all) => {
    const next = new Set(all);
    if (!next.delete(group)) next.add(group);
    return next;
  });
  return (
    <aside class="runs" aria-label="runs">
      <details ref={box} open={open} onToggle={(e) => setOpen((e.currentTarget as HTMLDetailsElement).open)}>
        <summary>Runs <span class="quiet">{grouped(found.length)}{found.length !== index.runs.length && ` of ${grouped(index.runs.length)}`}</span></summary>
        <div class="finder">
          <input ref={search} type="search" placeholder="Search ( / )" aria-label="search runs" value={query} onInput={(e) => { setTop(0); change({ q: (e.currentTarget as HTMLInputElement).value }); }} />
          <label><input type="checkbox" checked={byGroup} onChange={() => change({ g: byGroup ? null : "1" })} /> group runs that differ by seed</label>
        </div>
        {items.length === 0 && <p class="missing">No run matches. Escape clears the search.</p>}
        <div class="list" role="region" aria-label="list of runs" tabIndex={0} style={{ maxHeight: `${HEIGHT}px` }} onScroll={(e) => setTop((e.currentTarget as HTMLElement).scrollTop)}>
          <div style={{ height: `${items.length * ROW}px`, position: "relative" }}>
            {items.slice(first, last).map((item, i) => (
              <div key={"entry" in item ? item.entry.id : item.group} class="item" style={{ top: `${(first + i) * ROW}px`, height: `${ROW}px` }}>
                {"entry" in item ? <Row item={item} chosen={!comparing && item.entry.id === chosen} compared={compared} />
                  : <button type="button" class="group" aria-expanded={!shut.has(item.group)} onClick={() => toggle(item.group)}>
                      <span class="name"><span aria-hidden="true">{shut.has(item.group) ? "▸" : "▾"}</span> {item.name} <span class="quiet">× {item.entries.length}</span></span>
                      <span class="figure">{item.figure}</span>
                    </button>}
              </div>
            ))}
          </div>
        </div>
        <Comparing found={found} compared={compared} />
      </details>
    </aside>
  );
}

function Row({ item: { entry, indented }, chosen, compared }: { item: { entry: Entry; indented: boolean }; chosen: boolean; compared: readonly string[] }) {
  const marked = compared.includes(entry.id);
  const mark = () => change({ c: (marked ? compared.filter((id) => id !== entry.id) : [...compared, entry.id]).join(",") });
  const name = entry.label ?? entry.kind;
  return (
    <div class={`run ${chosen ? "chosen" : ""} ${indented ? "indented" : ""}`}>
      <input type="checkbox" checked={marked} onChange={mark} aria-label={`compare ${name}, ${entry.id}`} />
      <button type="button" class="open" aria-current={chosen ? "true" : undefined} title={entry.id} onClick={() => change({ r: entry.id, ...(location.hash.includes("v=compare") ? { v: null } : {}), i: null }, true)}>
        <span class="name">{name}</span>
        <span class="figure">{entry.status === "finished" ? fixed(mainFigure(entry.metrics)[1]) : <Mark state={entry.status === "running" ? "stale" : "differs"}>{entry.status}</Mark>}</span>
        <span class="quiet when">{entry.started.slice(0, 16).replace("T", " ")}{entry.seed !== null && ` · seed ${entry.seed}`}</span>
      </button>
    </div>
  );
}

function Comparing({ found, compared }: { found: readonly Entry[]; compared: readonly string[] }) {
  return (
    <p class="actions">
      <button type="button" disabled={compared.length < 2} onClick={() => change({ v: "compare" }, true)}>compare {compared.length || ""}</button>
      {compared.length > 0 && <button type="button" onClick={() => change({ c: null })}>none</button>}
      {compared.length === 0 && found.length > 1 && found.length <= 12 && <button type="button" onClick={() => change({ c: found.map(({ id }) => id).join(",") })}>all {found.length}</button>}
    </p>
  );
}

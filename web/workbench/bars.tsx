// Probabilities of the classes, as bars with their numbers.

import { fixed } from "../kit/parts.tsx";
import { argmax } from "../kit/stats.ts";

export function Bars({ classes, values, marked }: { classes: readonly string[]; values: readonly number[]; marked?: number }) {
  const best = argmax(values);
  return (
    <table class="bars">
      <caption class="hidden">probabilities</caption>
      <tbody>
        {classes.map((name, i) => (
          <tr key={name} class={`${i === best ? "best" : ""} ${i === marked ? "marked" : ""}`}>
            <th scope="row">{name}{i === marked && <span class="hidden"> (label)</span>}</th>
            <td><span class="bar" style={{ width: `${(100 * values[i]).toFixed(2)}%` }} /></td>
            <td class="number">{fixed(values[i])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

import type { JSX } from 'preact';
import { palettes } from '../../parts/palette.ts';
import { short } from '../../format.ts';

/** From how many cells in a row on numbers no longer fit into them. */
const mostWithNumbers = 7;

/** Numbers in cells, coloured around zero on a given scale; NaN is nothing. */
export function Grid({
  values,
  height,
  width,
  largest,
  label,
  marked,
}: {
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
  /** What full colour stands for. */
  readonly largest: number;
  readonly label: string;
  readonly marked?: readonly [number, number];
}): JSX.Element {
  const numbers = width <= mostWithNumbers;
  const cell = (y: number, x: number): JSX.Element => {
    const value = values[y * width + x]!;
    const at = marked?.[0] === y && marked[1] === x;
    return (
      <td
        key={x}
        class={at ? 'marked' : undefined}
        style={colours(value, largest)}
        title={numbers ? undefined : short(value)}
      >
        <span class={numbers ? undefined : 'unseen'}>{short(value)}</span>
      </td>
    );
  };
  return (
    <table class={`grid ${numbers ? 'told' : ''}`}>
      <caption>{label}</caption>
      <tbody>
        {Array.from({ length: height }, (_, y) => (
          <tr key={y}>{Array.from({ length: width }, (_, x) => cell(y, x))}</tr>
        ))}
      </tbody>
    </table>
  );
}

/** The cell's colour, and ink that can be read on it. */
function colours(
  value: number,
  largest: number,
): { background: string; color: string } | undefined {
  const signs = palettes.value?.signs;
  if (signs === undefined || Number.isNaN(value)) return undefined;
  const share = largest > 0 ? Math.max(-1, Math.min(1, value / largest)) : 0;
  const from = 3 * Math.round(127.5 + 127.5 * share);
  const [red, green, blue] = [signs[from]!, signs[from + 1]!, signs[from + 2]!];
  const light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  // At 0.179 black and white stand out alike (WCAG 2.2, contrast ratio).
  return { background: `rgb(${red} ${green} ${blue})`, color: light > 0.179 ? '#000' : '#fff' };
}

/** A byte of sRGB as light. */
function linear(byte: number): number {
  const share = byte / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** The largest size among numbers, NaN left aside. */
export function largestOf(...all: readonly Float32Array[]): number {
  let most = 0;
  for (const values of all)
    for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}

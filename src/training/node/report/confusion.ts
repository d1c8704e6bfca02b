import type { Evaluation } from '../../../inference/evaluation.ts';
import { escape } from '../../../html.ts';
import { percent } from './html.ts';

/** Names fit beside the rows up to here. */
const maximumNamed = 40;
/** In cells at least this wide stands how many pictures they are. */
const countable = 26;
const longestName = 22;

/**
 * The confusion matrix as inline SVG: a row per class, its shares of each answer; empty cells are
 * not drawn.
 */
export function confusionMatrix(
  { confusion, perClass }: Evaluation,
  labels: readonly string[],
): string {
  const rows = perClass.flatMap(({ images }, i) => (images > 0 ? [i] : []));
  const named = rows.length <= maximumNamed;
  const cell = named
    ? Math.min(44, Math.max(20, Math.floor(440 / rows.length)))
    : Math.max(2, Math.floor(880 / rows.length));
  const margin = named
    ? 16 + 6.5 * Math.min(longestName, Math.max(...rows.map((row) => labels[row]!.length)))
    : 4;
  const size = cell * rows.length;
  const cells = rows.flatMap((row, y) =>
    rows.flatMap((column, x) =>
      cellOf(
        confusion[row]![column]!,
        perClass[row]!.images,
        x * cell + margin,
        y * cell,
        cell,
        labels[row]!,
        labels[column]!,
        x === y,
      ),
    ),
  );
  const names = named
    ? rows.flatMap((row, i) => nameOf(labels[row]!, i * cell, cell, margin, size))
    : [];
  return (
    `<svg viewBox="0 0 ${margin + size} ${size + margin}" ` +
    `style="max-width:${margin + size}px" role="img" aria-label="confusion matrix"><rect ` +
    `class="ground" x="${margin}" width="${size}" height="${size}"/>` +
    `${[...cells, ...names].join('')}</svg>`
  );
}

function cellOf(
  count: number,
  of: number,
  x: number,
  y: number,
  size: number,
  label: string,
  answer: string,
  hit: boolean,
): string[] {
  if (count === 0) return [];
  const said = hit
    ? `${label}: ${percent(count / of)} right (${count} of ${of})`
    : `${label} taken for ${answer}: ${percent(count / of)} (${count} of ${of})`;
  const cell =
    `<rect class="${hit ? 'hit' : 'cell'}" x="${x}" y="${y}" width="${size}" ` +
    `height="${size}" opacity="${(0.15 + 0.85 * (count / of)).toFixed(2)}"><title>` +
    `${escape(said)}</title></rect>`;
  return size < countable
    ? [cell]
    : [
        cell,
        `<text class="count" x="${x + size / 2}" y="${y + size / 2 + 4}" ` +
          `text-anchor="middle" pointer-events="none">${count}</text>`,
      ];
}

function nameOf(name: string, at: number, cell: number, margin: number, size: number): string[] {
  const short = escape(name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name);
  const middle = at + cell / 2;
  return [
    `<text x="${margin - 6}" y="${middle + 4}" text-anchor="end">${short}</text>`,
    `<text transform="translate(${margin + middle + 4} ${size + 6}) rotate(90)">${short}</text>`,
  ];
}

export interface Confused {
  readonly label: number;
  readonly answer: number;
  readonly count: number;
}

/** The pairs that are taken for each other most often, by the number of pictures. */
export function mostConfused({ confusion }: Evaluation, top: number): Confused[] {
  return confusion
    .flatMap((row, label) =>
      row.flatMap((count, answer) =>
        count > 0 && label !== answer ? [{ label, answer, count }] : [],
      ),
    )
    .toSorted((a, b) => b.count - a.count)
    .slice(0, top);
}

import { escape } from '../../../html.ts';

export interface Curve {
  readonly name: string;
  readonly colour: 'one' | 'two' | 'three';
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface ChartOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly format: (value: number) => string;
  /** The lowest and highest value shown; default: those of the curves. */
  readonly range?: readonly [number, number];
  /** The same of x; default: from 0. */
  readonly xRange?: readonly [number, number];
  /** Default: the number itself. */
  readonly xFormat?: (value: number) => string;
}

/**
 * About as many pixels as a chart is wide in the report, so that its words are as large as they
 * should be.
 */
const width = 340;
const height = 220;
const left = 46;
const right = 12;
const top = 26;
const bottom = 30;

/** A line chart as inline SVG. */
export function chart(
  curves: readonly Curve[],
  {
    title,
    xTitle,
    format,
    range,
    xRange,
    xFormat = (value) => String(Number(value.toPrecision(6))),
  }: ChartOptions,
): string {
  const drawn = curves.filter(({ points }) => points.length > 0);
  const all = drawn.flatMap(({ points }) => points);
  if (all.length === 0) return '';
  const [xLow, xHigh] = xRange ?? [0, Math.max(...all.map(([x]) => x), 1e-9)];
  const [low, high] = range ?? span(all.map(([, y]) => y));
  const x = (value: number): number =>
    left + ((width - left - right) * (value - xLow)) / (xHigh - xLow);
  const y = (value: number): number =>
    top + ((height - top - bottom) * (high - Math.min(high, Math.max(low, value)))) / (high - low);
  const ticks = niceTicks(low, high);
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">`,
    ...ticks.map(
      (tick) =>
        `<line class="axis" x1="${left}" x2="${width - right}" y1="${y(tick).toFixed(1)}" ` +
        `y2="${y(tick).toFixed(1)}"/><text x="${left - 6}" ` +
        `y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${escape(format(tick))}</text>`,
    ),
    ...niceTicks(xLow, xHigh).map(
      (tick) =>
        `<text x="${x(tick).toFixed(1)}" y="${height - bottom + 16}" text-anchor="middle">` +
        `${escape(xFormat(tick))}</text>`,
    ),
    `<text x="${width - right}" y="${height - 2}" text-anchor="end">${escape(xTitle)}</text>`,
    ...drawn.map(
      ({ colour, points }) => `<path class="curve ${colour}" d="${pathOf(points, x, y)}"/>`,
    ),
    ...drawn.flatMap(({ colour, points }) =>
      points.length === 1
        ? [
            `<circle class="${colour}" fill="none" r="3" ` +
              `cx="${x(points[0]![0]).toFixed(1)}" cy="${y(points[0]![1]).toFixed(1)}"/>`,
          ]
        : [],
    ),
    `<text x="${left}" y="14" font-weight="600">${escape(title)}</text>`,
    ...drawn.map(
      ({ name, colour }, i) =>
        `<text class="${colour}" x="${width - right - 75 * (drawn.length - 1 - i)}" ` +
        `y="14" text-anchor="end">${escape(name)}</text>`,
    ),
    '</svg>',
  ].join('\n');
}

function span(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** Four or five round numbers between low and high. */
function niceTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10]
    .map((factor) => factor * power)
    .find((candidate) => candidate >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from(
    { length: Math.floor(high / step + 1e-9) - first + 1 },
    (_, i) => (first + i) * step,
  );
}

/** An SVG path along points; x and y place them. */
function pathOf(
  points: Curve['points'],
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const steps = points.map(([px, py], i) => {
    const place = `${x(px).toFixed(1)} ${y(py).toFixed(1)}`;
    return i === 0 ? `M${place}` : `L${place}`;
  });
  return steps.join('');
}

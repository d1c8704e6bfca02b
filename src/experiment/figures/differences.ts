import { drawing, rectangle, round, words } from '../../lesson/figures/svg.ts';
import type { Drawing } from '../../lesson/lesson.ts';
import type { Comparison } from '../comparison.ts';
import type { Experiment } from '../experiment.ts';
import { amount } from '../words.ts';
import { at, below, line } from './axes.ts';
import type { Axis } from './axes.ts';

const width = 460;
const left = 14;
const right = 446;

/** Each pair as a circle, the mean and its interval below, and where neither arm is better. */
export function differencesDrawing(
  { measure }: Experiment,
  { pairs, difference }: Comparison,
): Drawing {
  const scale = measure.kind === 'top1' ? 100 : 1;
  const nothing = measure.kind === 'top1' ? 0 : 1;
  const { mean, low, high } = difference;
  const values = [...pairs.map(({ value }) => value), mean, low ?? mean, high ?? mean].map(
    (value) => scale * value,
  );
  const least = Math.min(nothing, ...values);
  const most = Math.max(nothing, ...values);
  const margin = Math.max(0.05, 0.08 * (most - least));
  const x: Axis = { low: least - margin, high: most + margin, from: left, to: right };
  const place = (value: number): number => at(x, scale * value);
  const rows = pairs.map(({ value }, i) => {
    const y = 26 + 9 * i;
    return `<circle class="s-one" cx="${round(place(value))}" cy="${y}" r="4"/>`;
  });
  const end = 30 + 9 * pairs.length;
  const bar =
    low === null || high === null
      ? []
      : [
          rectangle(
            { x: place(low), y: end + 9 },
            { width: place(high) - place(low), height: 8 },
            'one',
          ),
        ];
  const zero = at(x, nothing);
  const bottom = end + 34;
  const format = (value: number): string => String(value).replace('-', '−');
  const unit = measure.kind === 'top1' ? 'points of top-1' : 'times as many epochs';
  return drawing(width, bottom + 38, [
    line(zero, 14, zero, bottom, ' stroke-dasharray="2 4"'),
    ...rows,
    ...bar,
    rectangle({ x: place(mean) - 1.5, y: end + 4 }, { width: 3, height: 18 }, 'two'),
    words({ x: Math.min(place(mean) + 8, right - 90), y: end + 34 }, amount(mean, measure), {
      ink: 'strong',
    }),
    line(left, bottom + 4, right, bottom + 4),
    below(x, bottom + 20, format),
    words({ x: right, y: bottom + 36 }, unit, { anchor: 'end', ink: 'soft' }),
  ]);
}

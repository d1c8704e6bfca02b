import { smoothed } from '../../core/rate-curve.ts';
import type { Descent, RateStep } from '../../core/rate-curve.ts';
import { chart } from './chart.ts';
import type { Curve } from './chart.ts';
import { page } from './html.ts';

/**
 * A search for the learning rate as one HTML file. @param found the suggestion, if there is one.
 */
export function ratePage(
  steps: readonly RateStep[],
  found: Descent | undefined,
  [lowest, highest]: readonly [number, number],
): string {
  const curve = smoothed(steps);
  const at = (rate: number): number => Math.log10(rate);
  const mark =
    found === undefined
      ? []
      : steps.flatMap(({ rate }, i) =>
          rate === found.fastest ? [[at(rate), curve[i]!.loss] as const] : [],
        );
  const curves: Curve[] = [
    { name: 'measured', colour: 'two', points: steps.map(({ rate, loss }) => [at(rate), loss]) },
    {
      name: 'smoothed',
      colour: 'one',
      points: steps.map(({ rate }, i) => [at(rate), curve[i]!.loss]),
    },
    { name: 'steepest', colour: 'three', points: mark },
  ];
  const most = 1.5 * (curve[0]?.loss ?? 1);
  const least = Math.min(...curve.map(({ loss }) => loss), most / 2);
  const svg = chart(curves, {
    title: 'Loss',
    xTitle: 'learning rate',
    format: (value) => String(Number(value.toPrecision(3))),
    range: [least, most],
    xRange: [at(lowest), at(highest)],
    xFormat: (value) => String(Number((10 ** value).toPrecision(2))),
  });
  const text =
    found === undefined
      ? 'The loss does not fall at any of these rates.'
      : 'The smoothed loss falls fastest at a rate of ' +
        `${Number(found.fastest.toPrecision(2))} and is lowest at ` +
        `${Number(found.lowest.toPrecision(2))}.`;
  return page(
    'Search for the learning rate',
    `<h1>Search for the learning rate</h1>\n<p>${text} One step at each rate, each a ` +
      'little higher than the one before, and after each the loss of the same training ' +
      `pictures; the weights were thrown away.</p>\n<div class="alone">${svg}</div>`,
  );
}

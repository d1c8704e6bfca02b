import { drawing, path, words } from '../../lesson/figures/svg.ts';
import type { Ink } from '../../lesson/figures/svg.ts';
import type { Drawing } from '../../lesson/lesson.ts';
import type { CurveKind, Epoch, Experiment, Run } from '../experiment.ts';
import { meanOf } from '../statistics.ts';
import { at, below, line, ticks } from './axes.ts';
import type { Axis } from './axes.ts';

const size = { width: 460, height: 300 };
const left = 46;
const right = 446;
const top = 34;
const bottom = 256;

const titles: Readonly<Record<CurveKind, string>> = {
  trainingError: 'Error on the training pictures as they were seen',
  validationError: 'Error on other pictures',
  validationLoss: 'Loss on other pictures',
};

export function curveTitle(kind: CurveKind): string {
  return titles[kind];
}

type Curve = readonly (readonly [epoch: number, value: number])[];

/** Every run as a thin line, the mean of each arm as a thick one. */
export function curvesDrawing(
  { arms, measure }: Experiment,
  runs: readonly Run[],
  kind: CurveKind,
): Drawing {
  const trained = arms.filter(({ trainedAs }) => trainedAs === undefined);
  const curves = trained.map(({ name }) =>
    runs.filter(({ arm }) => arm === name).map(({ epochs }) => curveOf(epochs, kind)),
  );
  const all = curves.flat(2);
  const x: Axis = { low: 0, high: Math.max(...all.map(([epoch]) => epoch)), from: left, to: right };
  const y: Axis = {
    ...rangeOf(
      kind,
      all.map(([, value]) => value),
    ),
    from: bottom,
    to: top,
  };
  const show = (value: number): string =>
    kind === 'validationLoss' ? String(value) : `${Math.round(100 * value)} %`;
  const place = (curve: Curve) => curve.map(([e, v]) => ({ x: at(x, e), y: at(y, v) }));
  const parts = curves.flatMap((own, i) => [
    `<g opacity="0.3">${own.map((curve) => path(place(curve), ink(i))).join('')}</g>`,
    path(place(meanCurve(own)), ink(i)),
  ]);
  const goal =
    measure.kind === 'epochs' && kind === 'trainingError'
      ? [line(left, at(y, measure.error), right, at(y, measure.error), ' stroke-dasharray="2 4"')]
      : [];
  return drawing(size.width, size.height, [
    ...ticks(y).map((tick) =>
      words({ x: left - 6, y: at(y, tick) + 4 }, show(tick), { anchor: 'end', ink: 'soft' }),
    ),
    line(left, top, left, bottom),
    line(left, bottom, right, bottom),
    below(x, bottom + 18, String),
    words({ x: right, y: bottom + 36 }, 'epochs', { anchor: 'end', ink: 'soft' }),
    ...goal,
    ...parts,
    ...legend(
      trained.length > 2 ? [trained[0]!.name, 'the others'] : trained.map(({ name }) => name),
    ),
  ]);
}

function legend(names: readonly string[]): string[] {
  let x = left;
  return names.flatMap((name, i) => {
    const start = x;
    x += 40 + 7.5 * name.length;
    return [
      path(
        [
          { x: start, y: 12 },
          { x: start + 22, y: 12 },
        ],
        ink(i),
      ),
      words({ x: start + 28, y: 16 }, name),
    ];
  });
}

/** The first arm has a colour of its own. */
export function ink(arm: number): Ink {
  return arm === 0 ? 'one' : 'two';
}

function curveOf(epochs: readonly Epoch[], kind: CurveKind): Curve {
  return epochs.map(({ epoch, train, validation }) => {
    switch (kind) {
      case 'trainingError':
        return [epoch - 0.5, 1 - train.top1];
      case 'validationError':
        return [epoch, 1 - validation.top1];
      case 'validationLoss':
        return [epoch, validation.loss];
    }
  });
}

/** As far as all of them go. */
function meanCurve(curves: readonly Curve[]): Curve {
  const length = Math.min(...curves.map((curve) => curve.length));
  return Array.from({ length }, (_, i) => [
    curves[0]![i]![0],
    meanOf(curves.map((curve) => curve[i]![1])),
  ]);
}

function rangeOf(kind: CurveKind, values: readonly number[]): { low: number; high: number } {
  const high = Math.max(...values);
  if (kind !== 'validationLoss') return { low: 0, high: Math.max(0.1, Math.ceil(10 * high) / 10) };
  return { low: 0, high: Math.ceil(2 * high) / 2 };
}

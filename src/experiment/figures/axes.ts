import { words } from '../../lesson/figures/svg.ts';
import { round } from '../../lesson/figures/svg.ts';

/** Values along a line: low and high stand at `from` and `to`. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly from: number;
  readonly to: number;
}

export function at({ low, high, from, to }: Axis, value: number): number {
  return from + ((to - from) * (value - low)) / (high - low);
}

/** Four to eight round numbers between low and high. */
export function ticks({ low, high }: Pick<Axis, 'low' | 'high'>): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999)! * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Tick labels under a horizontal axis. */
export function below(axis: Axis, y: number, format: (value: number) => string): string {
  return ticks(axis)
    .map((tick) => words({ x: at(axis, tick), y }, format(tick), { anchor: 'middle', ink: 'soft' }))
    .join('');
}

export function line(x1: number, y1: number, x2: number, y2: number, kind = ''): string {
  return `<path class="s-line" d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}"${kind}/>`;
}

import { escape } from '../../html.ts';
import type { Drawing } from '../lesson.ts';

/** Colours of the page: its style sheet says what each looks like. */
export type Ink = 'line' | 'one' | 'two' | 'soft' | 'warn' | 'paper';

export function drawing(width: number, height: number, parts: readonly string[]): Drawing {
  return { width, height, content: parts.join('') };
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

export function rectangle(
  { x, y }: Place,
  { width, height }: { readonly width: number; readonly height: number },
  fill: Ink,
): string {
  return (
    `<rect class="f-${fill}" x="${round(x)}" y="${round(y)}"` +
    ` width="${round(width)}" height="${round(height)}"/>`
  );
}

export interface WordStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly ink?: 'soft' | 'strong' | 'warn';
}

export function words({ x, y }: Place, text: string, { anchor, ink }: WordStyle = {}): string {
  const kind = ink === undefined ? '' : ` class="t-${ink}"`;
  const where = anchor === undefined ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}"${kind}${where}>${escape(text)}</text>`;
}

export function path(points: readonly Place[], ink: Ink): string {
  const way = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`);
  return `<path class="s-${ink}" d="${way.join('')}"/>`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

import type { WindowPreset } from '../lesson.ts';

/**
 * Draws one row of n cells with its padding, where the windows lie, and the cells that none sees.
 * Also written into the page as text, for the reader's own numbers: it may use nothing from outside
 * itself.
 * @returns the inside of an `svg` of 400×92.
 */
export function windowStrip({ n, k, p, s }: Omit<WindowPreset, 'name'>): string {
  const count = Math.floor((n - k + 2 * p) / s) + 1;
  const cell = 396 / (n + 2 * p);
  const parts: string[] = [];
  const bar = (from: number, cells: number, y: number, height: number, kind: string): void => {
    const width = Math.max(0.7, cells * cell - (kind === 'one' ? 0.8 : 0));
    const x = 2 + from * cell;
    parts.push(
      `<rect class="f-${kind}" x="${x.toFixed(2)}" y="${y}" width="${width.toFixed(2)}" ` +
        `height="${height}"/>`,
    );
  };
  const lanes = Math.min(Math.max(1, Math.ceil(k / s)), 4);
  for (let i = 0; i < count; i++) bar(i * s, k, 4 + (i % lanes) * 11, 8, 'one');
  bar(0, p, 54, 16, 'soft');
  bar(p, n, 54, 16, 'two');
  bar(p + n, p, 54, 16, 'soft');
  const seen = (count - 1) * s + k;
  const unseen = n + 2 * p - seen;
  if (unseen > 0) bar(seen, Math.max(unseen, 3 / cell), 4, 66, 'warn');
  const padding = p > 0 ? `, padding ${p} on each side` : '';
  parts.push(`<text x="2" y="86">${n} cells${padding}; ${count} windows of ${k}</text>`);
  return parts.join('');
}

import type { Drawing } from '../lesson.ts';
import { drawing, rectangle, words } from './svg.ts';

const scale = 9.5;

/** Top-5 errors as bars on one axis. */
export function scoresDrawing(
  scores: readonly { readonly name: string; readonly top5: number; readonly ours: boolean }[],
): Drawing {
  const parts = scores.flatMap(({ name, top5, ours }, row) => {
    const y = row * 46;
    return [
      words({ x: 0, y: y + 13 }, name),
      rectangle({ x: 0, y: y + 20 }, { width: top5 * scale, height: 14 }, ours ? 'one' : 'two'),
      words({ x: top5 * scale + 6, y: y + 32 }, `${top5} %`, { ink: 'strong' }),
    ];
  });
  return drawing(340, scores.length * 46, parts);
}

import type { Drawing } from '../lesson.ts';
import { drawing, path, words } from './svg.ts';

const width = 380;
const height = 260;
const scale = 44;
const middle = { x: width / 2, y: 190 };

/** ReLU and tanh on the same axes, from −4 to 4. */
export function reluDrawing(): Drawing {
  const at = (x: number, y: number) => ({ x: middle.x + x * scale, y: middle.y - y * scale });
  const xs = Array.from({ length: 161 }, (_, i) => -4 + i / 20);
  const relu = xs.map((x) => at(x, Math.max(0, x))).filter(({ y }) => y > 8);
  const tanh = xs.map((x) => at(x, Math.tanh(x)));
  const ticks = [-4, -2, 2, 4].map((x) =>
    words({ x: at(x, 0).x, y: middle.y + 16 }, String(x).replace('-', '−'), {
      anchor: 'middle',
      ink: 'soft',
    }),
  );
  return drawing(width, height, [
    path([at(-4.2, 0), at(4.2, 0)], 'line'),
    path([at(0, -1.4), at(0, 4.1)], 'line'),
    ...ticks,
    path(tanh, 'two'),
    path(relu, 'one'),
    words({ x: at(2.5, 0).x + 8, y: at(0, 2.5).y + 4 }, 'max(0, x)', { ink: 'strong' }),
    words({ x: at(4.2, 0).x, y: at(0, 1).y + 20 }, 'tanh x: flat from here', {
      anchor: 'end',
      ink: 'strong',
    }),
  ]);
}

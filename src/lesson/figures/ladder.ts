import { stagesOf } from '../../network/drawing/stages.ts';
import type { Network } from '../../network/layer.ts';
import { formatShape } from '../../network/shapes.ts';
import type { Drawing } from '../lesson.ts';
import { drawing, rectangle, words } from './svg.ts';

const squareLeft = 64;
const squareFull = 110;
const barLeft = 190;
const barFull = 180;

/** A bar that is longer than there is room. */
function gap(x: number, middle: number): string {
  const size = { width: 3, height: 12 };
  return [0, 6].map((by) => rectangle({ x: x + by, y: middle - 9 }, size, 'paper')).join('');
}

/**
 * The network from top to bottom: for each stage a square as wide and high as its maps, and a bar
 * as long as it has channels. One scale for squares, one for bars; dense layers have no square.
 */
export function ladderDrawing(network: Network): Drawing {
  const stages = stagesOf(network);
  const cell = squareFull / Math.max(...stages.map(({ output }) => output[1]));
  const maps = stages.filter(({ output }) => output[1] > 1);
  const channel = barFull / Math.max(...maps.map(({ output }) => output[0]));
  const parts: string[] = [
    words({ x: squareLeft, y: 12 }, 'height × width', { ink: 'soft' }),
    words({ x: barLeft, y: 12 }, 'channels', { ink: 'soft' }),
  ];
  let y = 22;
  for (const { layer, output } of stages) {
    const side = output[1] === 1 ? 0 : output[1] * cell;
    const height = Math.max(30, side);
    const middle = y + height / 2;
    parts.push(words({ x: 0, y: middle + 4 }, layer.name, { ink: 'strong' }));
    if (side > 0) {
      const square = { width: side, height: side };
      parts.push(rectangle({ x: squareLeft, y: middle - side / 2 }, square, 'one'));
    }
    const length = Math.min(barFull, output[0] * channel);
    parts.push(rectangle({ x: barLeft, y: middle - 7 }, { width: length, height: 8 }, 'two'));
    parts.push(words({ x: barLeft, y: middle + 13 }, formatShape(output)));
    if (output[0] * channel > barFull) parts.push(gap(barLeft + barFull - 30, middle));
    y += height + 8;
  }
  return drawing(barLeft + barFull, y, parts);
}

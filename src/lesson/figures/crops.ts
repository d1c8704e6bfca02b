import type { Drawing } from '../lesson.ts';
import { drawing, rectangle, words } from './svg.ts';

const scale = 0.8;
const side = 256 * scale;

/** The five crops of the test, in the 256×256 image that they are cut from. */
export function cropsDrawing(size: number): Drawing {
  const crop = { width: size * scale, height: size * scale };
  const end = side - crop.width;
  const places = [
    { x: 1, y: 1 },
    { x: end, y: 1 },
    { x: 1, y: end },
    { x: end, y: end },
    { x: end / 2, y: end / 2 },
  ];
  return drawing(side + 40, side + 44, [
    rectangle({ x: 1, y: 1 }, { width: side, height: side }, 'soft'),
    ...places.map((place) => rectangle(place, crop, 'paper').replace('class="', 'class="edge ')),
    words({ x: side / 2, y: side / 2 + 5 }, `${size}×${size}`, { anchor: 'middle' }),
    words({ x: 0, y: side + 20 }, '256×256; four corners and the centre,'),
    words({ x: 0, y: side + 37 }, 'each also mirrored: ten crops'),
  ]);
}

import { paperCost, weighted } from '../count.ts';
import type { Drawing } from '../lesson.ts';
import { drawing, rectangle, words } from './svg.ts';

const label = 58;
const full = 330;
const rowHeight = 38;

/** For each layer with weights: its share of the work above its share of the parameters. */
export function sharesDrawing(): Drawing {
  const rows = weighted(paperCost);
  const parts = rows.flatMap(({ layer, parameters, multiplyAdds }, row) => {
    const y = 6 + row * rowHeight;
    const work = multiplyAdds / paperCost.multiplyAdds;
    const held = parameters / paperCost.parameters;
    return [
      words({ x: 0, y: y + 17 }, layer.name, { ink: 'strong' }),
      bar(y, work, 'one'),
      bar(y + 15, held, 'two'),
    ];
  });
  const y = rows.length * rowHeight + 20;
  const legend = [
    rectangle({ x: label, y: y - 10 }, { width: 12, height: 12 }, 'one'),
    words({ x: label + 18, y }, 'share of the work (multiply-adds)'),
    rectangle({ x: label, y: y + 10 }, { width: 12, height: 12 }, 'two'),
    words({ x: label + 18, y: y + 20 }, 'share of the parameters'),
  ];
  return drawing(label + full + 60, y + 28, [...parts, ...legend]);
}

function bar(y: number, share: number, ink: 'one' | 'two'): string {
  const width = Math.max(1, share * full);
  return (
    rectangle({ x: label, y }, { width, height: 13 }, ink) +
    words({ x: label + width + 5, y: y + 11 }, `${(100 * share).toFixed(1)} %`, { ink: 'soft' })
  );
}

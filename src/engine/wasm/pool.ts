import type {
  AdaptiveAveragePoolLayer,
  AveragePoolLayer,
  MaxPoolLayer,
} from '../../network/layer.ts';
import type { LayerShape } from '../../network/shapes.ts';
import type { Arena, Region } from '../plan/arena.ts';
import type { Job } from './job.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { call } from './signatures.ts';

/** Channels of one task backward. */
const channelBlock = 32;

/**
 * `{n, c, h, w} -> {n, c, oh, ow}`; the windows come as tables, so one kernel serves fixed and
 * adaptive ones.
 */
export function pool(
  site: LayerSite<MaxPoolLayer | AveragePoolLayer | AdaptiveAveragePoolLayer>,
): LayerJobs {
  const { layer, shape, arena, x, y, dx, dy } = site;
  const [channels, rows] = shape.output;
  const [, inputRows, inputColumns] = shape.input;
  const isMaximum = layer.type === 'maxPool';
  const { setup, windows } = poolWindows(arena, shape);
  const forward = isMaximum ? call.maxPool : call.averagePool;
  return {
    setup,
    forward: (images) => [forward(images * rows, { x: x.rows, y: y.rows, ...windows(), channels })],
    ...(dx &&
      dy && {
        backward: (images) => {
          const tasks = images * Math.ceil(channels / channelBlock);
          const maps = { dy: dy.rows, dx: dx.rows };
          const input = { inputRows, inputColumns, channels, channelBlock };
          return [
            isMaximum
              ? call.maxPoolBackward(tasks, {
                  x: x.rows,
                  y: y.rows,
                  ...maps,
                  ...windows(),
                  ...input,
                })
              : call.averagePoolBackward(tasks, { ...maps, ...windows(), ...input }),
          ];
        },
      }),
  };
}

export interface Windows {
  readonly rowWindows: number;
  readonly columnWindows: number;
  readonly rows: number;
  readonly columns: number;
}

/** The tables of a pooling's windows. */
export function poolWindows(
  arena: Arena,
  shape: LayerShape,
): { readonly setup: () => Job[]; readonly windows: () => Windows } {
  const [, rows, columns] = shape.output;
  const rowWindows = arena.region(rows * 8);
  const columnWindows = arena.region(columns * 8);
  return {
    setup: () => [windowJob(rowWindows, shape, 0), windowJob(columnWindows, shape, 1)],
    // Addresses are there once the arena is laid out.
    windows: () => ({
      rowWindows: rowWindows.at,
      columnWindows: columnWindows.at,
      rows,
      columns,
    }),
  };
}

/** Fills the table of one axis: where each window starts and ends inside the map. */
function windowJob(table: Region, { input, output, window }: LayerShape, axis: 0 | 1): Job {
  const size = input[axis + 1]!;
  const count = output[axis + 1]!;
  if (window === undefined) return call.regionTable(1, { table: table.at, count, size });
  return call.windowTable(1, {
    table: table.at,
    count,
    size,
    kernel: window.kernel[axis],
    stride: window.stride[axis],
    before: axis === 0 ? window.padding.top : window.padding.left,
  });
}

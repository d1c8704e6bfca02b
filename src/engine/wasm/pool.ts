import type {
  AdaptiveAveragePoolLayer,
  AveragePoolLayer,
  MaxPoolLayer,
} from '../../network/layer.ts';
import type { LayerShape } from '../../network/shapes.ts';
import type { Region } from '../plan/arena.ts';
import type { LayerJobs, LayerSite } from './layer.ts';

/** Channels of one task on the way back. */
const channelBlock = 32;

/**
 * `{n, c, h, w} -> {n, c, oh, ow}`; the windows come as tables, so one kernel serves fixed and
 * adaptive ones.
 */
export function pool(
  site: LayerSite<MaxPoolLayer | AveragePoolLayer | AdaptiveAveragePoolLayer>,
): LayerJobs {
  const { layer, shape, arena, x, y, dx, dy } = site;
  const [channels, rows, columns] = shape.output;
  const [, inputRows, inputColumns] = shape.input;
  const most = layer.type === 'maxPool';
  const rowWindows = arena.region(rows * 8);
  const columnWindows = arena.region(columns * 8);
  const tables = (): number[] => [rowWindows.at, columnWindows.at, rows, columns];
  return {
    setup: () => [windowJob(rowWindows, shape, 0), windowJob(columnWindows, shape, 1)],
    forward: (images) => [
      {
        kernel: most ? 'maxPool' : 'averagePool',
        tasks: images * rows,
        arguments: [...x.rows, ...y.rows, ...tables(), channels],
      },
    ],
    ...(dx &&
      dy && {
        backward: (images) => [
          {
            kernel: most ? 'maxPoolBackward' : 'averagePoolBackward',
            tasks: images * Math.ceil(channels / channelBlock),
            arguments: [
              ...(most ? [...x.rows, ...y.rows] : []),
              ...dy.rows,
              ...dx.rows,
              ...tables(),
              inputRows,
              inputColumns,
              channels,
              channelBlock,
            ],
          },
        ],
      }),
  };
}

/** Fills the table of one axis: where each window starts and ends inside the map. */
function windowJob(
  table: Region,
  { input, output, window }: LayerShape,
  axis: 0 | 1,
): { kernel: string; tasks: number; arguments: number[] } {
  const size = input[axis + 1]!;
  const count = output[axis + 1]!;
  if (window === undefined)
    return { kernel: 'regionTable', tasks: 1, arguments: [table.at, count, size] };
  const before = axis === 0 ? window.padding.top : window.padding.left;
  return {
    kernel: 'windowTable',
    tasks: 1,
    arguments: [table.at, count, size, window.kernel[axis], window.stride[axis], before],
  };
}

import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { MapsAnswer } from '../../compute/protocol.ts';
import { coloured, palettes } from '../../parts/palette.ts';
import type { Stage } from './layout.ts';

/** Neither of the colours that stand for values. */
const betweenMaps = '#34323d';

/** One tower's maps, or numbers, beside and above each other. */
export function Wall({
  stage,
  tower,
  maps,
  scale,
}: {
  readonly stage: Stage;
  readonly tower: number;
  readonly maps: MapsAnswer | undefined;
  readonly scale: number;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { columns, rows, tile, gap } = stage;
  const width = columns * (tile[1] + gap) - gap;
  const height = rows * (tile[0] + gap) - gap;
  const sharp = scale >= 1 || stage.kind === 'numbers';
  const colours = palettes.value;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || maps === undefined || colours === undefined) return;
    paint(context, stage, tower, maps, maps.signed ? colours.signs : colours.amounts);
  }, [maps, colours, stage]);
  return (
    <canvas
      ref={canvas}
      class={`wall ${maps === undefined ? 'empty' : ''} ${sharp ? 'cells' : ''}`}
      width={width}
      height={height}
      style={{ width: `${stage.width * scale}px`, height: `${stage.height * scale}px` }}
      data-tower={tower}
      aria-hidden="true"
    />
  );
}

function paint(
  context: CanvasRenderingContext2D,
  { columns, tile: [height, width], gap, towers, layer }: Stage,
  tower: number,
  { bytes }: MapsAnswer,
  palette: Uint8Array,
): void {
  const each = layer.output[0] / towers;
  const size = height * width;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.fillStyle = betweenMaps;
  for (let i = 0; i < each; i++) {
    const from = (tower * each + i) * size;
    const image = new ImageData(
      coloured(bytes.subarray(from, from + size), palette),
      width,
      height,
    );
    const [left, top] = [(i % columns) * (width + gap), Math.floor(i / columns) * (height + gap)];
    context.fillRect(left, top, width + gap, height + gap);
    context.putImageData(image, left, top);
  }
}

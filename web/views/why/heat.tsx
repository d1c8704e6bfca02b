import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Pixels, WhyAnswer } from '../../compute/protocol.ts';
import { palettes } from '../../parts/palette.ts';

/**
 * Numbers in colours over the picture, which turns grey: where they are near zero it shows through,
 * where they are large it steps back.
 */
export function Heat({
  picture,
  answer,
  label,
}: {
  readonly picture: Pixels;
  readonly answer: WhyAnswer;
  readonly label: string;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const found = palettes.value;
  const palette = answer.heat.signed ? found?.signs : found?.amounts;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || palette === undefined) return;
    const rgba = blended(picture.data, answer.heat.bytes, palette, answer.heat.signed);
    context.putImageData(new ImageData(rgba, picture.width, picture.height), 0, 0);
  }, [picture, answer, palette]);
  const { width, height } = picture;
  return <canvas class="heat" ref={canvas} {...{ width, height }} role="img" aria-label={label} />;
}

function blended(
  rgb: Uint8Array,
  heat: Uint8Array,
  palette: Uint8Array,
  signed: boolean,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * heat.length);
  for (let i = 0; i < heat.length; i++) {
    const grey = 0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!;
    const ground = signed ? 255 - 0.7 * (255 - grey) : 0.7 * grey;
    const size = signed ? Math.abs(heat[i]! - 127.5) / 127.5 : heat[i]! / 255;
    const share = 0.25 + 0.6 * size;
    for (let c = 0; c < 3; c++)
      out[4 * i + c] = share * palette[3 * heat[i]! + c]! + (1 - share) * ground;
    out[4 * i + 3] = 255;
  }
  return out;
}

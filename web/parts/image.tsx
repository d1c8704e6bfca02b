import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Pixels } from '../compute/protocol.ts';
import { coloured, opaque, palettes } from './palette.ts';

interface ImageProps {
  readonly label?: string;
  /** Whether a pixel is a number, to be seen as a square. Default true. */
  readonly cells?: boolean;
  readonly class?: string;
}

/** RGBA on a canvas of the same size; how large it is shown is the style's. */
function Raster({
  width,
  height,
  rgba,
  label,
  cells = true,
  class: name = '',
}: ImageProps & {
  readonly width: number;
  readonly height: number;
  readonly rgba: () => Uint8ClampedArray<ArrayBuffer>;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(new ImageData(rgba(), width, height), 0, 0);
  }, [rgba]);
  const about = { ref: canvas, width, height, class: `${cells ? 'cells ' : ''}${name}` };
  return label === undefined ? (
    <canvas {...about} aria-hidden="true" />
  ) : (
    <canvas {...about} role="img" aria-label={label} />
  );
}

/** A picture of RGB bytes. */
export function Picture({
  pixels,
  ...props
}: ImageProps & { readonly pixels: Pixels }): JSX.Element {
  const { width, height, data } = pixels;
  const rgba = useMemoOf(() => opaque(data), [data]);
  return <Raster {...props} {...{ width, height, rgba }} />;
}

/** A map of bytes, in the colours of amounts or of signs. */
export function MapImage({
  bytes,
  width,
  height,
  signed,
  ...props
}: ImageProps & {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly signed: boolean;
}): JSX.Element {
  const found = palettes.value;
  const palette = signed ? found?.signs : found?.amounts;
  const rgba = useMemoOf(
    () =>
      palette === undefined ? new Uint8ClampedArray(4 * bytes.length) : coloured(bytes, palette),
    [bytes, palette],
  );
  return <Raster {...props} {...{ width, height, rgba }} />;
}

/** The same function as long as what it depends on is the same. */
function useMemoOf<T>(make: () => T, on: readonly unknown[]): () => T {
  const kept = useRef<{ readonly make: () => T; readonly on: readonly unknown[] }>(undefined);
  const same = kept.current?.on.every((value, i) => value === on[i]) ?? false;
  if (!same) kept.current = { make, on };
  return kept.current!.make;
}

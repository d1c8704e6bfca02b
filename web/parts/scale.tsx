import type { JSX } from 'preact';
import { number } from '../format.ts';
import { words } from '../words.ts';
import { MapImage } from './image.tsx';

const ramp = Uint8Array.from({ length: 256 }, (_, i) => i);

/** What the colours beside it stand for. */
export function Scale({
  low,
  high,
  signed,
}: {
  readonly low: number;
  readonly high: number;
  readonly signed: boolean;
}): JSX.Element {
  const [from, to] = [number(low, 3), number(high, 3)];
  return (
    <span class="scale" role="img" aria-label={words.scale(from, to)}>
      <span aria-hidden="true">{from}</span>
      <MapImage bytes={ramp} width={256} height={1} signed={signed} cells={false} />
      <span aria-hidden="true">{to}</span>
    </span>
  );
}

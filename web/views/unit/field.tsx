import type { JSX } from 'preact';
import type { NumberAnswer, Pixels } from '../../compute/protocol.ts';
import { Picture } from '../../parts/image.tsx';
import { words } from '../../words.ts';

/** The pixels that can change the number, framed on the picture. */
export function FieldOnPicture({
  picture,
  field: { rows, columns },
}: {
  readonly picture: Pixels;
  readonly field: NumberAnswer['field'];
}): JSX.Element {
  const [height, width] = [rows.end - rows.start, columns.end - columns.start];
  const told = words.unit.sees(height, width);
  const whole = `M0 0H${picture.width}V${picture.height}H0Z`;
  const hole = `M${columns.start} ${rows.start}v${height}h${width}v${-height}Z`;
  return (
    <figure>
      <span class="framed">
        <Picture pixels={picture} label={told} cells={picture.width < 100} />
        <svg viewBox={`0 0 ${picture.width} ${picture.height}`} aria-hidden="true">
          <path class="veil" fill-rule="evenodd" d={`${whole}${hole}`} />
          <rect x={columns.start} y={rows.start} width={width} height={height} />
        </svg>
      </span>
      <figcaption>{told}</figcaption>
    </figure>
  );
}

import type { JSX } from 'preact';
import type { MapsAnswer } from '../../compute/protocol.ts';
import { MapImage } from '../../parts/image.tsx';
import { linkTo } from '../../state/address.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';

/** How many numbers of a vector are listed. */
const listed = 24;

/** A vector: all its numbers as cells, the strongest by name. */
export function Numbers({
  maps,
  labels,
}: {
  readonly maps: MapsAnswer;
  readonly labels: readonly string[] | undefined;
}): JSX.Element {
  const [count] = maps.shape;
  const columns = Math.min(count, 128);
  const rows = Math.ceil(count / columns);
  const bytes = new Uint8Array(rows * columns);
  bytes.set(maps.bytes);
  return (
    <>
      <MapImage
        class="vector"
        bytes={bytes}
        width={columns}
        height={rows}
        signed={maps.signed}
        label={words.overview.numbers(count)}
      />
      <h3>{words.layer.strongest}</h3>
      <ol class="listed">
        {maps.statistics.slice(0, listed).map(({ channel, mean }) => (
          <li key={channel}>
            <a href={linkTo({ view: 'unit', layer: maps.layer, unit: channel, place: [0, 0] })}>
              {labels?.[channel] ?? words.channel(channel)}
            </a>{' '}
            <span class="n">{number(mean)}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { MapStatistics } from 'alexnet/browser';
import type { MapsAnswer } from '../../compute/protocol.ts';
import { MapImage } from '../../parts/image.tsx';
import { address, linkTo } from '../../state/address.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';
import { moveFocus } from '../../parts/move-focus.ts';

/** More are shown when they are asked for: a phone's page would be endless. */
const atFirst = 96;

/** Every channel's map, a link each: to the number in the place where it is strongest. */
export function Channels({
  maps,
  chosen,
}: {
  readonly maps: MapsAnswer;
  readonly chosen: number | undefined;
}): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  const { order } = address.value;
  const channels =
    order === 'number'
      ? maps.statistics.toSorted((a, b) => a.channel - b.channel)
      : maps.statistics;
  const current = chosen ?? channels[0]!.channel;
  const [all, setAll] = useState(false);
  const shown = all ? channels : channels.filter((one, i) => i < atFirst || one.channel === chosen);
  return (
    <>
      <ul
        class="channels"
        ref={list}
        aria-label={words.layer.channels(maps.shape[0])}
        onKeyDown={(event) => moveFocus(event, list.current)}
      >
        {shown.map((one) => (
          <Channel key={one.channel} maps={maps} about={one} current={one.channel === current} />
        ))}
      </ul>
      {shown.length < channels.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          {words.layer.all(channels.length)}
        </button>
      )}
    </>
  );
}

function Channel({
  maps,
  about: { channel, mean, largest },
  current,
}: {
  readonly maps: MapsAnswer;
  readonly about: MapStatistics;
  /** The one that the tab key reaches; arrows lead to the others. */
  readonly current: boolean;
}): JSX.Element {
  const { bytes, signed, shape } = maps;
  const [, height, width] = shape;
  const map = bytes.subarray(channel * height * width, (channel + 1) * height * width);
  const target = { view: 'unit', layer: maps.layer, unit: channel, place: strongest(map, width) };
  return (
    <li>
      <a
        href={linkTo(target as Parameters<typeof linkTo>[0])}
        tabIndex={current ? 0 : -1}
        aria-current={address.value.unit === channel ? 'true' : undefined}
        aria-label={words.layer.channelLabel(channel, number(mean), number(largest))}
      >
        <MapImage bytes={map} width={width} height={height} signed={signed} />
        <span aria-hidden="true">{channel}</span>
      </a>
    </li>
  );
}

function strongest(map: Uint8Array, width: number): readonly [number, number] {
  const at = map.reduce((best, value, i) => (value > map[best]! ? i : best), 0);
  return [Math.floor(at / width), at % width];
}

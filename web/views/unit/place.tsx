import type { JSX } from 'preact';
import type { MapsAnswer } from '../../compute/protocol.ts';
import { MapImage } from '../../parts/image.tsx';
import { Scale } from '../../parts/scale.tsx';
import { go } from '../../state/address.ts';
import { words } from '../../words.ts';

interface PlaceProps {
  readonly maps: MapsAnswer;
  readonly unit: number;
  readonly y: number;
  readonly x: number;
}

/** The channel's map with the place on it: a click, the arrows or the sliders move it. */
export function PlaceOnMap({ maps, unit, y, x }: PlaceProps): JSX.Element {
  const [, height, width] = maps.shape;
  const size = height * width;
  const to = (row: number, column: number): void => {
    const inside = (at: number, cells: number): number => Math.max(0, Math.min(cells - 1, at));
    go({ place: [inside(row, height), inside(column, width)] }, true);
  };
  const moves: Readonly<Record<string, readonly [number, number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const key = (event: KeyboardEvent): void => {
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    to(y + move[0], x + move[1]);
  };
  const click = (event: MouseEvent & { readonly currentTarget: HTMLElement }): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const along = (at: number, from: number, length: number, cells: number): number =>
      Math.floor(((at - from) / length) * cells);
    to(
      along(event.clientY, box.top, box.height, height),
      along(event.clientX, box.left, box.width, width),
    );
  };
  return (
    <figure>
      <button
        type="button"
        class="framed map"
        aria-label={`${words.unit.mapLabel} ${words.place(y, x)}`}
        onClick={click}
        onKeyDown={key}
      >
        <MapImage
          bytes={maps.bytes.subarray(unit * size, (unit + 1) * size)}
          width={width}
          height={height}
          signed={maps.signed}
        />
        <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          <rect x={x} y={y} width="1" height="1" />
        </svg>
      </button>
      <figcaption>
        {words.unit.map} <Scale {...maps} />
      </figcaption>
      <Slider label={words.unit.row} value={y} cells={height} onValue={(row) => to(row, x)} />
      <Slider
        label={words.unit.column}
        value={x}
        cells={width}
        onValue={(column) => to(y, column)}
      />
    </figure>
  );
}

function Slider({
  label,
  value,
  cells,
  onValue,
}: {
  readonly label: string;
  readonly value: number;
  readonly cells: number;
  readonly onValue: (value: number) => void;
}): JSX.Element {
  return (
    <label class="slider">
      <span>{label}</span>
      <input
        type="range"
        min="0"
        max={cells - 1}
        value={value}
        onInput={(event) => onValue(Number(event.currentTarget.value))}
      />
      <span class="n">{value}</span>
    </label>
  );
}

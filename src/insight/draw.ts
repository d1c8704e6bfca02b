import type { Picture, Rectangle } from '../images/picture.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { shade } from './colours.ts';
import type { ColourMap, Range } from './colours.ts';
import type { Field } from './receptive.ts';

/** Numbers `[height, width]` as colours. */
export function mapPicture(
  values: ArrayLike<number>,
  height: number,
  width: number,
  range: Range,
  colours: ColourMap,
): Picture {
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < height * width; i++)
    data.set(
      colours.subarray(3 * shade(values[i]!, range), 3 * shade(values[i]!, range) + 3),
      3 * i,
    );
  return { width, height, data };
}

/**
 * Numbers `[height, width]` in colours over the photograph, which turns grey: where they are near
 * zero it shows through, where they are large it steps back. It is kept apart from the colours of
 * large numbers: darker where those are light, paler where dark.
 */
export function overPicture(
  picture: Picture,
  values: ArrayLike<number>,
  range: Range,
  colours: ColourMap,
): Picture {
  const map = mapPicture(values, picture.height, picture.width, range, colours);
  const largest = Math.max(Math.abs(range.low), Math.abs(range.high));
  const data = Uint8Array.from(picture.data, (_, i) => {
    const from = i - (i % 3);
    const grey =
      0.299 * picture.data[from]! +
      0.587 * picture.data[from + 1]! +
      0.114 * picture.data[from + 2]!;
    const ground = range.low < 0 ? 255 - 0.7 * (255 - grey) : 0.7 * grey;
    const share =
      0.25 + (largest > 0 ? 0.5 * Math.min(1, Math.abs(values[from / 3]!) / largest) : 0);
    return share * map.data[i]! + (1 - share) * ground;
  });
  return { width: picture.width, height: picture.height, data };
}

/**
 * What the network's input shows, `[3, height, width]` back to bytes: what was subtracted is added
 * again. Of a mean image that is what lies under the centre crop.
 */
export function inputPicture(
  input: ArrayLike<number>,
  preprocessing: Preprocessing,
  meanImage?: Float32Array,
): Picture {
  const { crop, mean, deviation, resize } = preprocessing;
  const margin = (resize.size - crop) >> 1;
  return shownInput(input, preprocessing, (c, i) => {
    if (!('tensor' in mean)) return mean[c]! / deviation[c]!;
    const row = c * resize.size + Math.floor(i / crop) + margin;
    return (meanImage?.[row * resize.size + (i % crop) + margin] ?? 0) / deviation[c]!;
  });
}

/** The same with what was subtracted from channel c at place i, in units of the input. */
export function shownInput(
  input: ArrayLike<number>,
  { crop, channels, scale, deviation }: Preprocessing,
  subtracted: (c: number, i: number) => number,
): Picture {
  const places = crop * crop;
  const data = new Uint8Array(places * 3);
  for (let c = 0; c < 3; c++) {
    const to = channels === 'RGB' ? c : 2 - c;
    for (let i = 0; i < places; i++) {
      const value = ((input[c * places + i]! + subtracted(c, i)) * deviation[c]!) / scale;
      data[3 * i + to] = Math.min(255, Math.max(0, Math.round(value)));
    }
  }
  return { width: crop, height: crop, data };
}

/** A picture with the outline of a rectangle in it, `thickness` pixels wide, in a colour. */
export function outlined(
  { width, height, data }: Picture,
  box: Rectangle,
  colour: readonly [number, number, number],
  thickness: number,
): Picture {
  const out = Uint8Array.from(data);
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  for (let y = Math.max(0, box.top); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, box.left); x < Math.min(width, right); x++) {
      const inside = Math.min(x - box.left, right - 1 - x, y - box.top, bottom - 1 - y);
      if (inside < thickness) out.set(colour, (y * width + x) * 3);
    }
  }
  return { width, height, data: out };
}

/**
 * Signed numbers `[channels, height, width]` as colours around mid-grey: `largest` becomes full,
 * minus `largest` none. One channel becomes grey.
 */
export function signedPicture(
  values: ArrayLike<number>,
  [channels, height, width]: readonly [number, number, number],
  largest: number,
  order: Preprocessing['channels'] = 'RGB',
): Picture {
  const data = new Uint8Array(height * width * 3);
  const channelOf = (colour: number): number => {
    if (channels !== 3) return 0;
    return order === 'RGB' ? colour : 2 - colour;
  };
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      const from = channelOf(c);
      const value = largest > 0 ? values[from * height * width + i]! / largest : 0;
      data[3 * i + c] = Math.round(127.5 + 127.5 * Math.min(1, Math.max(-1, value)));
    }
  }
  return { width, height, data };
}

/** Every pixel as a square of `factor`: for kernels and maps, whose cells are to be seen. */
export function enlarged({ width, height, data }: Picture, factor: number): Picture {
  const out = new Uint8Array(data.length * factor * factor);
  for (let y = 0; y < height * factor; y++) {
    for (let x = 0; x < width * factor; x++) {
      const from = (Math.floor(y / factor) * width + Math.floor(x / factor)) * 3;
      out.set(data.subarray(from, from + 3), (y * width * factor + x) * 3);
    }
  }
  return { width: width * factor, height: height * factor, data: out };
}

/** Enlarged by a whole factor until it is at least `side` wide or high. */
export function enlargedTo(picture: Picture, side: number): Picture {
  return enlarged(picture, Math.max(1, Math.ceil(side / Math.max(picture.width, picture.height))));
}

/** The part of a picture inside a receptive field. */
export function cropped({ width, data }: Picture, { rows, columns }: Field): Picture {
  const size = { width: columns.end - columns.start, height: rows.end - rows.start };
  const out = new Uint8Array(size.width * size.height * 3);
  for (let y = 0; y < size.height; y++) {
    const from = ((rows.start + y) * width + columns.start) * 3;
    out.set(data.subarray(from, from + size.width * 3), y * size.width * 3);
  }
  return { ...size, data: out };
}

/** Pictures of one size in rows of `columns`, `gap` white pixels apart. */
export function tiled(pictures: readonly Picture[], columns: number, gap: number): Picture {
  const { width, height } = pictures[0]!;
  const rows = Math.ceil(pictures.length / columns);
  const size = { width: columns * (width + gap) - gap, height: rows * (height + gap) - gap };
  const out = new Uint8Array(size.width * size.height * 3).fill(255);
  pictures.forEach(({ data }, k) => {
    const left = (k % columns) * (width + gap);
    const top = Math.floor(k / columns) * (height + gap);
    for (let y = 0; y < height; y++)
      out.set(
        data.subarray(y * width * 3, (y + 1) * width * 3),
        ((top + y) * size.width + left) * 3,
      );
  });
  return { ...size, data: out };
}

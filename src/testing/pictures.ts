import sharp from 'sharp';
import type { Sharp } from 'sharp';
import type { Picture } from '../images/picture.ts';
import type { ProblemKind } from '../images/problem.ts';

/**
 * A picture to test with: red grows to the right, green downwards, blue is a chequerboard. `phase`
 * makes others like it.
 */
export function drawing(width: number, height: number, phase = 0): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[i++] = (x * 255) / width + phase * 37;
      data[i++] = (y * 255) / height + phase * 59;
      data[i++] = ((x >> 4) ^ (y >> 4)) & 1 ? 200 - phase * 11 : 40;
    }
  }
  return { width, height, data };
}

/** The same as an image to encode. */
export function drawn(width: number, height: number, phase = 0): Sharp {
  return sharp(drawing(width, height, phase).data, { raw: { width, height, channels: 3 } });
}

/** A PNG of 4×4 blocks of random colours: no two look alike. */
export async function blocks(seed: number, width = 64, height = 48): Promise<Buffer> {
  const data = new Uint8Array(width * height * 3);
  let state = seed * 2654435761 + 1;
  const colours = Array.from(
    { length: 48 },
    () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24,
  );
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        data[i++] =
          colours[(Math.floor((y * 4) / height) * 4 + Math.floor((x * 4) / width)) * 3 + c]!;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

export interface ZooPicture {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** What reading it must say; undefined: it is read. */
  readonly problem?: ProblemKind;
}

/** Every kind of good picture, 96×64 and upright, under names that do not give them away. */
export async function goodPictures(): Promise<ZooPicture[]> {
  const image = drawn(96, 64);
  const upright = await image.clone().jpeg({ quality: 95 }).toBuffer();
  const turned = sharp(upright).rotate(270);
  const made: Record<string, Promise<Buffer>> = {
    'plain.jpg': image.clone().jpeg({ quality: 95 }).toBuffer(),
    'progressive.jpg': image.clone().jpeg({ quality: 95, progressive: true }).toBuffer(),
    'cmyk without profile.jpg': image
      .clone()
      .toColourspace('cmyk')
      .jpeg({ quality: 95 })
      .toBuffer(),
    'cmyk with profile.jpg': image.clone().withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer(),
    'wide gamut.jpg': image.clone().withIccProfile('p3').jpeg({ quality: 95 }).toBuffer(),
    'turned by EXIF.jpg': turned.withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer(),
    'rgb.png': image.clone().png().toBuffer(),
    'palette.png': image.clone().png({ palette: true }).toBuffer(),
    '16 bit.png': image.clone().toColourspace('rgb16').png().toBuffer(),
    'plain.webp': image.clone().webp({ quality: 95 }).toBuffer(),
    'plain.gif': image.clone().gif().toBuffer(),
    'plain.avif': image.clone().avif({ quality: 80, effort: 0 }).toBuffer(),
    'plain.tiff': image.clone().tiff({ compression: 'lzw' }).toBuffer(),
    'really a png.jpg': image.clone().png().toBuffer(),
    'ünïcødé 写真 🖼.jpg': image.clone().jpeg({ quality: 95 }).toBuffer(),
    'no ending': image.clone().jpeg({ quality: 95 }).toBuffer(),
    'more behind the end.jpg': image
      .clone()
      .jpeg({ quality: 95 })
      .toBuffer()
      .then((bytes) => Buffer.concat([bytes, Buffer.from('tail')])),
    'broken EXIF.jpg': image
      .clone()
      .withMetadata({ orientation: 1 })
      .jpeg({ quality: 95 })
      .toBuffer()
      .then(breakExif),
  };
  return Promise.all(
    Object.entries(made).map(async ([file, bytes]) => ({ file, bytes: await bytes })),
  );
}

/** Every kind of bad file that a real folder holds. */
export async function badPictures(): Promise<ZooPicture[]> {
  const image = drawn(96, 64);
  const jpeg = await image.clone().jpeg().toBuffer();
  const encoded = {
    jpg: jpeg,
    'progressive.jpg': await image.clone().jpeg({ progressive: true }).toBuffer(),
    png: await image.clone().png().toBuffer(),
    webp: await image.clone().webp().toBuffer(),
    gif: await image.clone().gif().toBuffer(),
    avif: await image.clone().avif({ effort: 0 }).toBuffer(),
    tiff: await image.clone().tiff().toBuffer(),
  };
  const cut = Object.entries(encoded).map(([ending, bytes]) => ({
    file: `cut.${ending}`,
    bytes: bytes.subarray(0, bytes.length * 0.6),
    problem: 'truncated' as const,
  }));
  const others: Record<string, readonly [ProblemKind, Uint8Array]> = {
    'empty.jpg': ['empty', new Uint8Array(0)],
    'text.jpg': ['notAPicture', Buffer.from('This is not a picture.\n')],
    'page.jpg': ['notAPicture', Buffer.from('<!DOCTYPE html><title>404 Not Found</title>')],
    'noise.jpg': ['notAPicture', Uint8Array.from({ length: 500 }, (_, i) => (i * 7919 + 1) % 256)],
    'head only.jpg': ['truncated', jpeg.subarray(0, 40)],
    'wrong inside.png': ['damaged', overwrite(encoded.png)],
    'bitmap.jpg': ['unsupported', Buffer.from('BM\x36\x00\x00\x00')],
    'drawing.png': [
      'unsupported',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    ],
    'phone.jpg': ['unsupported', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
    'bomb.png': ['tooManyPixels', await bomb()],
  };
  return [
    ...cut,
    ...Object.entries(others).map(([file, [problem, bytes]]) => ({ file, bytes, problem })),
  ];
}

/**
 * Its screen has 2×2 pixels and its frame 4×4, and a second frame is wrong: all the same the first
 * is a picture, though libvips refuses the header unless it is told to overlook that.
 */
export function gifBeyondItsScreen(): Buffer {
  const screen = [2, 0, 2, 0, 0x80, 0, 0];
  const colours = [255, 0, 0, 0, 0, 255];
  const frame = [0x2c, 0, 0, 0, 0, 4, 0, 4, 0, 0];
  // Codes of 3 bits that are cleared before they grow: clear 0 0, eight times, then the end.
  const codes = [...Array.from({ length: 8 }, () => [4, 0, 0]).flat(), 5];
  const bits = codes.map((code) => [code & 1, (code >> 1) & 1, code >> 2]).flat();
  const bytes = Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((sum, bit, place) => sum + (bit << place), 0),
  );
  const first = [...frame, 2, bytes.length, ...bytes, 0];
  const second = [...frame, 12, 1, 0, 0];
  const head = [...Buffer.from('GIF89a'), ...screen, ...colours];
  return Buffer.from([...head, ...first, ...second, 0x3b]);
}

function overwrite(bytes: Buffer): Buffer {
  const broken = Buffer.from(bytes);
  const middle = Math.floor(bytes.length / 2);
  for (let i = middle; i < Math.min(middle + 60, bytes.length - 20); i++)
    broken[i] = (i * 73) & 255;
  return broken;
}

function breakExif(bytes: Buffer): Buffer {
  const start = bytes.indexOf('Exif') + 14;
  return Buffer.concat([
    bytes.subarray(0, start),
    Buffer.alloc(12, 255),
    bytes.subarray(start + 12),
  ]);
}

/** A few bytes that say they are 30,000 × 30,000 pixels. */
async function bomb(): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'white' } })
    .png()
    .toBuffer();
  bytes.writeUInt32BE(30_000, 16);
  bytes.writeUInt32BE(30_000, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

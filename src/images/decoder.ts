import type { Fit } from './fit.ts';
import type { Picture } from './picture.ts';
import type { PictureFormat } from './sniff.ts';

/**
 * From a file's bytes to pixels. `#images` gives it: sharp on Node, the browser's own decoder in a
 * page.
 */
export interface Decoder {
  /**
   * All pixels as 8-bit sRGB, upright (EXIF orientation applied) unless that is to be ignored,
   * transparency laid on white; or already at the size that is asked for, where scaling while
   * decoding is faster.
   * @throws {UnreadablePicture} or anything else for what cannot be decoded.
   */
  decode(bytes: Uint8Array, request: DecodeRequest): Promise<Picture>;
  /** Resizes what is decoded already, with the same filter. */
  resize(picture: Picture, to: Fit): Promise<Picture>;
}

export interface DecodeRequest {
  readonly format: PictureFormat;
  /** Whether a warning is an error. */
  readonly strict: boolean;
  readonly colourProfile: 'applied' | 'ignored';
  readonly orientation: 'applied' | 'ignored';
  /**
   * Asked once the size is known; it throws where that is too large, and waits for memory.
   * Undefined: left as it is.
   */
  readonly target: (width: number, height: number) => Promise<Fit | undefined>;
}

/**
 * From a drawing to pixels. `#images` gives it: librsvg on Node, the browser's own way in a
 * page.
 */
export interface Drawings {
  /** An SVG's pixels: red, green, blue and opacity of each, row by row, at this size. */
  rasterise(svg: string, width: number, height: number): Promise<Uint8Array>;
}

/** Pictures' bytes by a path. */
export interface PictureFiles {
  /**
   * A file's bytes. @throws {UnreadablePicture} where there is no file to read. Never waits on a
   * pipe or device.
   */
  readBytes(path: string): Promise<Uint8Array>;
  /**
   * `bytes` bytes of a file from `offset`: a member of an archive. The file stays open for the next
   * one. @throws {UnreadablePicture}
   */
  readMemberBytes(path: string, offset: number, bytes: number): Promise<Uint8Array>;
}

/**
 * A decoded photograph: 8-bit RGB, row by row from the top left, upright (EXIF orientation
 * applied), transparency laid on white.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]`. */
  readonly data: Uint8Array;
}

/** A part of a picture, in pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

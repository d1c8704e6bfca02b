import { AlexNetError } from '../errors.ts';
import { checkRange, decodeText } from './source.ts';
import type { ByteSource } from './source.ts';

const windowBytes = 1 << 16;

/**
 * Small reads at growing positions, from one window that moves over the source: for formats that
 * must be walked to be understood (protobuf, pickle). Whatever is larger than `largest` is not
 * meant to be held and is refused here.
 */
export class Pages {
  readonly source: ByteSource;
  #window = new Uint8Array(0);
  #start = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** The bytes at `position`, if the window holds them. They are valid until the next `load`. */
  peek(position: number, length: number): Uint8Array | undefined {
    const from = position - this.#start;
    return from >= 0 && from + length <= this.#window.length
      ? this.#window.subarray(from, from + length)
      : undefined;
  }

  /**
   * The bytes at `position`, moving the window when it must. @throws {AlexNetError} where they are
   * not all inside.
   */
  async load(position: number, length: number, what: string): Promise<Uint8Array> {
    const seen = this.peek(position, length);
    if (seen !== undefined) return seen;
    checkRange(this.source, position, length, what);
    const window = new Uint8Array(
      Math.max(length, Math.min(windowBytes, this.source.size - position)),
    );
    await this.source.read(window, position);
    this.#window = window;
    this.#start = position;
    return window.subarray(0, length);
  }

  /** UTF-8 text. */
  async text(position: number, length: number, what: string, largest = 1 << 20): Promise<string> {
    if (length > largest)
      throw new AlexNetError(
        `The file is damaged: ${what} has ${length} bytes; more than ${largest} are not read.`,
      );
    return decodeText(await this.load(position, length, what), what);
  }
}

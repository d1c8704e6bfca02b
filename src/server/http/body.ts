import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { bytes } from '../../text.ts';
import { Refusal } from '../refusal.ts';

/** What all bodies together may take, so that many large ones do not take the machine's memory. */
export class BodyBudget {
  readonly #limit: number;
  #taken = 0;

  /** @param limit in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @throws {Refusal} where there is no room. */
  take(length: number): void {
    if (this.#taken + length > this.#limit)
      throw new Refusal(
        'busy',
        `Requests of ${bytes(this.#taken)} are being read already. Try again later.`,
        1,
      );
    this.#taken += length;
  }

  giveBack(length: number): void {
    this.#taken -= length;
  }
}

export interface BodyLimits {
  /** Of one body, after it is decompressed. */
  readonly maximumBytes: number;
  readonly budget: BodyBudget;
}

/** A body that was read, and its room in the budget. */
export interface Body {
  readonly bytes: Buffer;
  /** Gives its room back; twice does nothing. */
  readonly release: () => void;
}

/**
 * Reads a request's body, whatever its type, decompressed where it says that it is compressed. The
 * limit holds for what comes out, so a small body that would become a large one is refused on the
 * way. @throws {Refusal}
 */
export async function readBody(
  request: IncomingMessage,
  { maximumBytes, budget }: BodyLimits,
): Promise<Body> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maximumBytes) throw tooLarge(maximumBytes);
  const decompress = decompressor(request.headers['content-encoding']);
  let taken = 0;
  const release = (): void => {
    budget.giveBack(taken);
    taken = 0;
  };
  let length = 0;
  try {
    const known = decompress === undefined ? announced : 0;
    taken += reserve(budget, known);
    const body = new Gathered(known, request.headers['inference-header-content-length']);
    for await (const chunk of decompressed(request, decompress)) {
      length += chunk.length;
      if (length > maximumBytes) throw tooLarge(maximumBytes);
      if (length > taken) taken += reserve(budget, length - taken);
      body.add(chunk);
    }
    return { bytes: body.bytes, release };
  } catch (error) {
    release();
    throw refusalOf(error);
  }
}

function reserve(budget: BodyBudget, length: number): number {
  budget.take(length);
  return length;
}

/**
 * A body as it arrives, in one buffer of its own. Where tensors follow JSON, it lies so that the
 * first of them lies where numbers can: it is then read in its place.
 */
class Gathered {
  readonly #start: number;
  #buffer: Buffer;
  #length = 0;

  /** @param announced its bytes, or 0 where that is not known. */
  constructor(announced: number, jsonLength: string | string[] | undefined) {
    const before = Number(jsonLength);
    this.#start = Number.isSafeInteger(before) ? (4 - (before % 4)) % 4 : 0;
    this.#buffer = Buffer.allocUnsafeSlow(this.#start + announced);
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(this.#start, this.#start + this.#length);
  }

  add(chunk: Buffer): void {
    const end = this.#start + this.#length + chunk.length;
    if (end > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#start + this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#start + this.#length);
    this.#length += chunk.length;
  }
}

function tooLarge(maximum: number): Refusal {
  return new Refusal(
    'large',
    `Expected a body of at most ${bytes(maximum)}. Send fewer pictures at once.`,
  );
}

function decompressor(encoding = 'identity'): Transform | undefined {
  switch (encoding.trim().toLowerCase()) {
    case 'identity':
    case '':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new Refusal(
        'type',
        `Expected Content-Encoding gzip, deflate, br or none but found "${encoding.slice(0, 100)}".`,
      );
  }
}

async function* decompressed(
  request: IncomingMessage,
  decompress: Transform | undefined,
): AsyncGenerator<Buffer> {
  const from: Readable = decompress === undefined ? request : request.pipe(decompress);
  const fail = (error?: Error): void => {
    decompress?.destroy(error ?? new Refusal('gone', 'The client is gone.'));
  };
  if (decompress !== undefined) {
    request.on('error', fail);
    request.on('aborted', fail);
  }
  try {
    for await (const chunk of from.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } finally {
    request.off('error', fail);
    request.off('aborted', fail);
    if (decompress !== undefined) {
      request.unpipe(decompress);
      decompress.destroy();
      // What is left is read and forgotten, so that the answer reaches the client.
      request.resume();
    }
  }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof Refusal || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (
    code.startsWith('Z_') ||
    (code.startsWith('ERR_') && code.includes('BROTLI')) ||
    code === 'ERR_PADDING_2'
  )
    return new Refusal('wrong', `The body could not be decompressed: ${error.message}.`);
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return new Refusal('gone', 'The client is gone.');
  return error;
}

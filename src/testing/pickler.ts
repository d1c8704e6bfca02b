/** Python's pickle, protocol 2, as far as tests write it: op by op. */
export class Pickler {
  readonly #parts: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  start(): this {
    return this.op('\x80\x02');
  }

  /** Bytes as they are, one character each. */
  op(code: string): this {
    this.#parts.push(Buffer.from(code, 'latin1'));
    return this;
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    this.#parts.push(Buffer.from('X'), length, bytes);
    return this;
  }

  /** Below 2³¹ in size. */
  whole(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    this.#parts.push(Buffer.from('J'), bytes);
    return this;
  }

  double(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    this.#parts.push(Buffer.from('G'), bytes);
    return this;
  }

  /** A tuple. */
  wholes(values: readonly number[]): this {
    this.op('(');
    for (const value of values) this.whole(value);
    return this.op('t');
  }

  global(module: string, name: string): this {
    return this.op(`c${module}\n${name}\n`);
  }
}

/** A persistent id: a tuple of texts, numbers and globals. */
export function persistent(
  pickler: Pickler,
  id: readonly (string | number | { readonly module: string; readonly name: string })[],
): void {
  pickler.op('(');
  for (const item of id) {
    if (typeof item === 'string') pickler.text(item);
    else if (typeof item === 'number') pickler.whole(item);
    else pickler.global(item.module, item.name);
  }
  pickler.op('t').op('Q');
}

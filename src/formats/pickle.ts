/**
 * Python's pickle (PEP 307, PEP 3154; opcodes of CPython's pickletools), read as data and never
 * run.
 *
 * The only calls that are understood are those in the caller's list of globals; whatever else a
 * pickle names is refused by its name. Long byte strings are not loaded: they are handed on as
 * places in the file.
 */
import { AlexNetError } from '../errors.ts';
import { decodeText } from './source.ts';
import { Pages } from './pages.ts';
import type { ByteSource } from './source.ts';

/**
 * What a pickle holds. Python's tuples are `PyTuple`, its byte strings `PyBytes`, its dictionaries
 * `PyDict`.
 */
export type PyValue =
  null | boolean | number | string | PyBytes | PyTuple | PyValue[] | PyDict | PyGlobal | object;

export class PyTuple {
  readonly items: readonly PyValue[];
  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

export class PyDict {
  readonly entries = new Map<PyValue, PyValue>();

  /** What is under a key that is a text, whether Python 2 or 3 wrote it. */
  get(key: string): PyValue | undefined {
    return this.entries.get(key);
  }
}

/**
 * Bytes in the file; short ones are also given as text, one character a byte, because Python 2
 * writes texts that way.
 */
export class PyBytes {
  readonly position: number;
  readonly length: number;
  readonly text: string | undefined;
  constructor(position: number, length: number, text: string | undefined) {
    this.position = position;
    this.length = length;
    this.text = text;
  }
}

/**
 * A named class or function that the caller knows. `call` is what calling it with these arguments
 * means.
 */
export class PyGlobal {
  readonly name: string;
  readonly call: ((...args: PyValue[]) => PyValue) | undefined;
  constructor(name: string, call: ((...args: PyValue[]) => PyValue) | undefined) {
    this.name = name;
    this.call = call;
  }
}

/** An object that takes a state (`BUILD`). */
export interface Stateful {
  setState(state: PyValue): void;
}

export interface PickleOptions {
  /**
   * Every global that may be named, `module name` → what calling it means, or undefined where it is
   * only named.
   */
  readonly globals: ReadonlyMap<string, ((...args: PyValue[]) => PyValue) | undefined>;
  /** What a persistent id stands for. Default: refused. */
  readonly persistent?: (id: PyValue) => PyValue;
}

/**
 * No state of a network takes so many steps; every step costs a bounded number of bytes, so memory
 * is bounded too. A call costs as many as it is given items.
 */
const maximumSteps = 200_000;

/** Before each step so much is there to be read without waiting: two lines, or any number. */
const aheadBytes = 8300;

const longestLine = 4096;

/** Byte strings up to this length are loaded. */
const shortBytes = 255;

/**
 * @returns the value and where the pickle ends. @throws {AlexNetError} for anything damaged,
 * unknown or called.
 */
export async function readPickle(
  source: ByteSource,
  start: number,
  options: PickleOptions,
): Promise<{ value: PyValue; end: number }> {
  const machine = new Machine(new Pages(source), start, options);
  return { value: await machine.run(), end: machine.position };
}

const mark = Symbol('mark');

class Machine {
  readonly #pages: Pages;
  readonly #options: PickleOptions;
  readonly #stack: (PyValue | typeof mark)[] = [];
  readonly #memo = new Map<number, PyValue>();
  #stepsLeft = maximumSteps;
  position: number;

  constructor(pages: Pages, start: number, options: PickleOptions) {
    this.#pages = pages;
    this.position = start;
    this.#options = options;
  }

  async run(): Promise<PyValue> {
    while (--this.#stepsLeft >= 0) {
      const ahead = Math.min(aheadBytes, this.#pages.source.size - this.position);
      if (this.#pages.peek(this.position, ahead) === undefined)
        await this.#pages.load(this.position, ahead, 'the pickle');
      const code = this.take(1)[0]!;
      if (code === 0x2e) return this.#pop();
      const operation = operations.get(code);
      if (operation === undefined)
        this.fail(`opcode 0x${code.toString(16)} is not one that weights need`);
      const waiting = operation(this);
      if (waiting !== undefined) await waiting;
    }
    return this.fail(`it takes more than ${maximumSteps} steps, as no state of a network does`);
  }

  push(value: PyValue): void {
    this.#stack.push(value);
  }

  pushMark(): void {
    this.#stack.push(mark);
  }

  #pop(): PyValue {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) this.fail('it takes a value where there is none');
    return value;
  }

  pop(): PyValue {
    return this.#pop();
  }

  discard(): void {
    if (this.#stack.pop() === undefined) this.fail('it takes a value where there is none');
  }

  top(): PyValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) this.fail('it takes a value where there is none');
    return value;
  }

  /** All values above the last mark. */
  popToMark(): PyValue[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) this.fail('a mark is missing');
    const values = this.#stack.splice(at + 1) as PyValue[];
    this.#stack.pop();
    return values;
  }

  remember(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.fail(`it recalls number ${index}, which it has not remembered`);
    this.push(value);
  }

  append(values: readonly PyValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) this.fail('it appends to what is not a list');
    for (const value of values) list.push(value);
  }

  setItems(pairs: readonly PyValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PyDict) || pairs.length % 2 !== 0)
      this.fail('it sets items of what is not a dictionary');
    for (let i = 0; i < pairs.length; i += 2) {
      const key = textOf(pairs[i]) ?? pairs[i]!;
      if (dict.entries.has(key)) this.fail(`the key ${keyText(key)} is given twice`);
      dict.entries.set(key, pairs[i + 1]!);
    }
  }

  global(module: string, name: string): void {
    const full = `${module} ${name}`;
    if (!this.#options.globals.has(full)) {
      throw new AlexNetError(
        `The pickle names ${module}.${name}, which is not part of a network's weights. ` +
          'Nothing in a pickle is ever run here; save the weights alone (in PyTorch: ' +
          'torch.save(model.state_dict(), file)).',
      );
    }
    this.push(new PyGlobal(full, this.#options.globals.get(full)));
  }

  stackGlobal(): void {
    const name = textOf(this.pop());
    const module = textOf(this.pop());
    if (name === undefined || module === undefined)
      this.fail('it names a global by what is not a text');
    this.global(module, name);
  }

  /** `REDUCE` and `NEWOBJ`: a call, of what the caller allows only. */
  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(args instanceof PyTuple) || !(callee instanceof PyGlobal) || callee.call === undefined)
      this.fail(`it calls ${called(callee)}`);
    for (const argument of args.items) this.#stepsLeft -= itemsOf(argument)?.length ?? 0;
    if (this.#stepsLeft < 0) return;
    this.push(callee.call(...args.items));
  }

  build(): void {
    const state = this.pop();
    const object = this.top();
    // An OrderedDict's state holds PyTorch's version numbers, which we do not need.
    if (object instanceof PyDict) return;
    if (
      typeof object !== 'object' ||
      object === null ||
      !('setState' in object) ||
      typeof object.setState !== 'function'
    )
      this.fail('it gives a state to what takes none');
    (object as unknown as Stateful).setState(state);
  }

  persistent(): void {
    const resolve = this.#options.persistent;
    if (resolve === undefined) this.fail('it refers to something outside itself');
    this.push(resolve(this.pop()));
  }

  /** Up to some hundred bytes. */
  take(length: number): Uint8Array {
    const bytes = this.#pages.peek(this.position, length);
    if (bytes === undefined) this.fail('it ends in the middle of a step');
    this.position += length;
    return bytes;
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  unsigned(size: 1 | 2 | 4 | 8): number {
    const bytes = this.take(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
    return value;
  }

  line(): string {
    const maximum = Math.min(longestLine, this.#pages.source.size - this.position);
    const length = this.#pages.peek(this.position, maximum)?.indexOf(0x0a) ?? -1;
    if (length < 0) this.fail(`it has a line that does not end within ${longestLine} bytes`);
    const text = decodeText(this.take(length), 'a line of the pickle');
    this.position++;
    return text;
  }

  /** Texts are short, but may be a megabyte. */
  unicode(length: number): void | Promise<void> {
    const bytes = this.#pages.peek(this.position, length);
    if (bytes === undefined) return this.#longText(length);
    this.position += length;
    this.push(decodeText(bytes, 'a text of the pickle'));
  }

  async #longText(length: number): Promise<void> {
    const text = await this.#pages.text(this.position, length, 'a text of the pickle');
    this.position += length;
    this.push(text);
  }

  bytes(length: number): void {
    if (length > this.#pages.source.size - this.position)
      this.fail(`a string of ${length} bytes goes beyond the file`);
    const position = this.position;
    if (length > shortBytes) {
      this.position += length;
      this.push(new PyBytes(position, length, undefined));
      return;
    }
    this.push(new PyBytes(position, length, String.fromCharCode(...this.take(length))));
  }

  fail(why: string): never {
    throw new AlexNetError(
      `The pickle is damaged or not supported: ${why} (at byte ${this.position}).`,
    );
  }
}

/** A dictionary's key in words. */
export function keyText(key: PyValue): string {
  return typeof key === 'object' ? '?' : String(key);
}

/** A text, whether Python 2 or 3 wrote it. */
export function textOf(value: PyValue | undefined): string | undefined {
  if (value instanceof PyBytes) return value.text;
  return typeof value === 'string' ? value : undefined;
}

/** What a tuple or a list holds; undefined for anything else. */
export function itemsOf(value: PyValue | undefined): readonly PyValue[] | undefined {
  if (value instanceof PyTuple) return value.items;
  return Array.isArray(value) ? value : undefined;
}

function called(callee: PyValue): string {
  return callee instanceof PyGlobal ? callee.name.replace(' ', '.') : 'what is not a function';
}

type Operation = (machine: Machine) => void | Promise<void>;

function code(character: string): number {
  return character.charCodeAt(0);
}

const operations: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [0x80, (m) => void m.take(1)],
  [0x95, (m) => void m.take(8)],
  [code('}'), (m) => m.push(new PyDict())],
  [code(']'), (m) => m.push([])],
  [code(')'), (m) => m.push(new PyTuple([]))],
  [code('('), (m) => m.pushMark()],
  [code('t'), (m) => m.push(new PyTuple(m.popToMark()))],
  [code('l'), (m) => m.push(m.popToMark())],
  [code('d'), dictionary],
  [0x85, (m) => m.push(new PyTuple([m.pop()]))],
  [0x86, (m) => tuple(m, 2)],
  [0x87, (m) => tuple(m, 3)],
  [code('a'), append],
  [code('e'), (m) => m.append(m.popToMark())],
  [code('s'), setItem],
  [code('u'), (m) => m.setItems(m.popToMark())],
  [code('N'), (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [code('J'), (m) => m.push(m.unsigned(4) | 0)],
  [code('K'), (m) => m.push(m.unsigned(1))],
  [code('M'), (m) => m.push(m.unsigned(2))],
  [0x8a, (m) => long(m, m.unsigned(1))],
  [0x8b, (m) => long(m, m.unsigned(4))],
  [code('I'), (m) => integer(m, m.line())],
  [code('L'), (m) => integer(m, m.line().replace(/L$/, ''))],
  [code('F'), (m) => m.push(Number(m.line()))],
  [code('G'), float],
  [code('X'), (m) => m.unicode(m.unsigned(4))],
  [0x8c, (m) => m.unicode(m.unsigned(1))],
  [0x8d, (m) => m.unicode(m.unsigned(8))],
  [code('T'), (m) => m.bytes(m.unsigned(4))],
  [code('U'), (m) => m.bytes(m.unsigned(1))],
  [code('B'), (m) => m.bytes(m.unsigned(4))],
  [code('C'), (m) => m.bytes(m.unsigned(1))],
  [0x8e, (m) => m.bytes(m.unsigned(8))],
  [code('q'), (m) => m.remember(m.unsigned(1))],
  [code('r'), (m) => m.remember(m.unsigned(4))],
  [code('p'), (m) => m.remember(Number(m.line()))],
  [0x94, (m) => m.remember()],
  [code('h'), (m) => m.recall(m.unsigned(1))],
  [code('j'), (m) => m.recall(m.unsigned(4))],
  [code('g'), (m) => m.recall(Number(m.line()))],
  [code('c'), (m) => m.global(m.line(), m.line())],
  [0x93, (m) => m.stackGlobal()],
  [code('R'), (m) => m.call()],
  [0x81, (m) => m.call()],
  [code('b'), (m) => m.build()],
  [code('Q'), (m) => m.persistent()],
  [code('0'), (m) => m.discard()],
  [code('1'), (m) => void m.popToMark()],
  [code('2'), (m) => m.push(m.top())],
]);

function tuple(machine: Machine, size: number): void {
  const items = Array.from({ length: size }, () => machine.pop());
  machine.push(new PyTuple(items.toReversed()));
}

function append(machine: Machine): void {
  const value = machine.pop();
  machine.append([value]);
}

function setItem(machine: Machine): void {
  const value = machine.pop();
  const key = machine.pop();
  machine.setItems([key, value]);
}

function dictionary(machine: Machine): void {
  const pairs = machine.popToMark();
  machine.push(new PyDict());
  machine.setItems(pairs);
}

function integer(machine: Machine, text: string): void {
  if (!/^-?\d{1,16}$/.test(text))
    machine.fail(`${JSON.stringify(text.slice(0, 20))} is no whole number`);
  switch (text) {
    case '00':
      machine.push(false);
      break;
    case '01':
      machine.push(true);
      break;
    default:
      machine.push(Number(text));
  }
}

/**
 * Little endian, two's complement. PyTorch's magic number has ten bytes; it is only compared, so
 * rounding does no harm.
 */
function long(machine: Machine, length: number): void {
  if (length > 16)
    machine.fail(`a whole number of ${length} bytes is larger than any that is needed`);
  const bytes = machine.take(length);
  const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  machine.push((bytes.at(-1) ?? 0) >= 128 ? value - 256 ** length : value);
}

function float(machine: Machine): void {
  const bytes = machine.take(8);
  machine.push(new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, false));
}

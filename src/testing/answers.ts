import assert from 'node:assert/strict';
import { answers } from '../cli/answers.ts';

type Shape =
  | { readonly is: 'word'; readonly word: string }
  | { readonly is: 'list'; readonly item: Shape }
  | { readonly is: 'object'; readonly keys: ReadonlyMap<string, Key> }
  | { readonly is: 'either'; readonly shapes: readonly Shape[] };

interface Key {
  readonly optional: boolean;
  readonly shape: Shape;
}

/** Asserts that an answer has the keys that `alexnet FORM --help` promises, and no others. */
export function assertAnswer(form: string, value: unknown): void {
  const text = answers[form];
  assert.ok(text !== undefined, `nothing is said of the answer of ${form}`);
  assert.deepEqual(misfits(new Reader(text).all(), value, form), [], text);
}

/** Reads how an answer is written down. */
class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = text.match(/[{}[\],:|?]|[^\s{}[\],:|?]+/g) ?? [];
  }

  all(): Shape {
    const shape = this.#either();
    assert.equal(this.#tokens[this.#at], undefined, 'it ends after one shape');
    return shape;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #either(): Shape {
    const shapes = [this.#shape()];
    while (this.#take('|')) shapes.push(this.#shape());
    return shapes.length === 1 ? shapes[0]! : { is: 'either', shapes };
  }

  #shape(): Shape {
    if (this.#take('[')) {
      const item = this.#either();
      assert.ok(this.#take(']'), 'a list ends');
      return { is: 'list', item };
    }
    if (this.#take('{')) return this.#object();
    return { is: 'word', word: this.#tokens[this.#at++]! };
  }

  #object(): Shape {
    const keys = new Map<string, Key>();
    do {
      const name = this.#tokens[this.#at++]!;
      assert.match(name, /^\w+$/, 'a key is a name');
      const optional = this.#take('?');
      const shape: Shape = this.#take(':') ? this.#either() : { is: 'word', word: '*' };
      keys.set(name, { optional, shape });
    } while (this.#take(','));
    assert.ok(this.#take('}'), 'an object ends');
    return { is: 'object', keys };
  }
}

/** Where a value is not of a shape. */
function misfits(shape: Shape, value: unknown, path: string): string[] {
  switch (shape.is) {
    case 'word':
      if (shape.word === 'null') return value === null ? [] : [`${path} is not null`];
      if (shape.word === 'number')
        return typeof value === 'number' || value === null ? [] : [`${path} is no number`];
      return [];
    case 'either': {
      const found = shape.shapes.map((one) => misfits(one, value, path));
      return found.some((list) => list.length === 0) ? [] : found.flat();
    }
    case 'list':
      return Array.isArray(value)
        ? value.flatMap((item, i) => misfits(shape.item, item, `${path}[${i}]`))
        : [`${path} is no list`];
    case 'object':
      return objectMisfits(shape.keys, value, path);
  }
}

function objectMisfits(keys: ReadonlyMap<string, Key>, value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${path} is no object`];
  const found = new Map(Object.entries(value));
  const others = [...found.keys()].filter((key) => !keys.has(key));
  const inside = [...keys].flatMap(([key, { optional, shape }]) => {
    if (!found.has(key)) return optional ? [] : [`${path}.${key} is missing`];
    return misfits(shape, found.get(key), `${path}.${key}`);
  });
  return [...others.map((key) => `${path}.${key} is not promised`), ...inside];
}

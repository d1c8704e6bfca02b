import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../testing/arbitraries.ts';
import { Pickler } from '../testing/pickler.ts';
import { PyDict, PyTuple, keyText, readPickle } from './pickle.ts';
import type { PyValue } from './pickle.ts';
import { bytesSource } from './source.ts';

type Plain =
  | null
  | boolean
  | number
  | string
  | Plain[]
  | { readonly tuple: Plain[] }
  | { readonly dict: [string, Plain][] };

const { value: anyValue } = fc.letrec<{ value: Plain; leaf: Plain }>((tie) => ({
  leaf: fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true }),
    anyText,
  ),
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 4 }).map((tuple) => ({ tuple })),
    fc
      .uniqueArray(fc.tuple(anyText, tie('value')), { selector: ([key]) => key, maxLength: 4 })
      .map((dict) => ({ dict })),
  ),
}));

function write(pickler: Pickler, value: Plain): Pickler {
  if (value === null) return pickler.op('N');
  if (typeof value === 'boolean') return pickler.op(value ? '\x88' : '\x89');
  if (typeof value === 'string') return pickler.text(value);
  if (typeof value === 'number')
    return Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) < 2 ** 31
      ? pickler.whole(value)
      : pickler.double(value);
  if (Array.isArray(value)) return writeAll(pickler.op(']').op('('), value).op('e');
  if ('tuple' in value) return writeAll(pickler.op('('), value.tuple).op('t');
  return writeAll(pickler.op('}').op('('), value.dict.flat()).op('u');
}

function writeAll(pickler: Pickler, values: readonly Plain[]): Pickler {
  for (const value of values) write(pickler, value);
  return pickler;
}

function plain(value: PyValue): Plain {
  if (value instanceof PyTuple) return { tuple: value.items.map(plain) };
  if (value instanceof PyDict)
    return { dict: [...value.entries].map(([key, item]) => [keyText(key), plain(item)]) };
  return Array.isArray(value) ? value.map(plain) : (value as Plain);
}

const globals = new Map<string, ((...args: PyValue[]) => PyValue) | undefined>([
  ['collections OrderedDict', (items) => [...(items as PyValue[])]],
  ['torch FloatStorage', undefined],
]);
const read = async (bytes: Uint8Array): Promise<PyValue> =>
  (await readPickle(bytesSource(bytes), 0, { globals })).value;

test('any nested value comes back from a pickle', async () => {
  await fc.assert(
    fc.asyncProperty(anyValue, async (value) =>
      assert.deepEqual(plain(await read(write(new Pickler().start(), value).op('.').bytes)), value),
    ),
  );
});

test('a pickle longer than its windows comes back whole', async () => {
  const texts = Array.from({ length: 3000 }, (_, i) => `${i}`.repeat(1 + (i % 30)));
  texts.push('x'.repeat(100_000));
  const bytes = write(new Pickler().start(), texts).op('.').bytes;
  assert.deepEqual(plain(await read(bytes)), texts);
  assert.equal(
    (await readPickle(bytesSource(Buffer.concat([bytes, bytes])), 0, { globals })).end,
    bytes.length,
  );
});

const refused: [what: string, pickle: string, message: string][] = [
  [
    'what would run a command',
    'cos\nsystem\nX\x02\0\0\0ls\x85R.',
    "The pickle names os.system, which is not part of a network's weights. Nothing in a " +
      'pickle is ever run here; save the weights alone (in PyTorch: ' +
      'torch.save(model.state_dict(), file)).',
  ],
  [
    'a global that is put together on the stack',
    'X\x08\0\0\0builtinsX\x04\0\0\0eval\x93.',
    "The pickle names builtins.eval, which is not part of a network's weights. Nothing in a " +
      'pickle is ever run here; save the weights alone (in PyTorch: ' +
      'torch.save(model.state_dict(), file)).',
  ],
  [
    'old instances',
    '(i__main__\nX\n.',
    'The pickle is damaged or not supported: opcode 0x69 is not one that weights need (at byte 4).',
  ],
  [
    'registered extensions',
    '\x82\x01.',
    'The pickle is damaged or not supported: opcode 0x82 is not one that weights need (at byte 3).',
  ],
  [
    'a call of what is only named',
    'ctorch\nFloatStorage\n)R.',
    'The pickle is damaged or not supported: it calls torch.FloatStorage (at byte 24).',
  ],
  [
    'a call of what is no function',
    'K\x01)R.',
    'The pickle is damaged or not supported: it calls what is not a function (at byte 6).',
  ],
  [
    'a state for what takes none',
    'K\x01}b.',
    'The pickle is damaged or not supported: it gives a state to what takes none (at byte 6).',
  ],
  [
    'something outside itself',
    'K\x01Q.',
    'The pickle is damaged or not supported: it refers to something outside itself (at byte 5).',
  ],
  [
    'memories it does not have',
    'h\x07.',
    'The pickle is damaged or not supported: it recalls number 7, which it has not remembered ' +
      '(at byte 4).',
  ],
  [
    'a key given twice',
    '}(K\x01NK\x01Nu.',
    'The pickle is damaged or not supported: the key 1 is given twice (at byte 11).',
  ],
  [
    'values where there are none',
    'a.',
    'The pickle is damaged or not supported: it takes a value where there is none (at byte 3).',
  ],
  [
    'a text beyond the file',
    'X\xff\xff\0\0abc.',
    'The file is damaged or incomplete: a text of the pickle should be 65535 bytes from byte ' +
      '7 on, but there are 11 bytes.',
  ],
  [
    'a text beyond all measure',
    'X\xff\xff\xff\x7fabc.',
    'The file is damaged: a text of the pickle has 2147483647 bytes; more than 1048576 are ' +
      'not read.',
  ],
  [
    'bytes beyond the file',
    'B\xff\xff\xff\x7fabc.',
    'The pickle is damaged or not supported: a string of 2147483647 bytes goes beyond the ' +
      'file (at byte 7).',
  ],
  [
    'whole numbers of a kilobyte',
    '\x8b\0\x04\0\0.',
    'The pickle is damaged or not supported: a whole number of 1024 bytes is larger than any ' +
      'that is needed (at byte 7).',
  ],
  [
    'an end in the middle of a step',
    'J\x01',
    'The pickle is damaged or not supported: it ends in the middle of a step (at byte 3).',
  ],
];

for (const [what, pickle, message] of refused) {
  test(`readPickle() refuses ${what}`, async () => {
    await assert.rejects(read(new Pickler().start().op(pickle).bytes), {
      name: 'AlexNetError',
      message,
    });
  });
}

const tooMany = new RegExp(
  '^The pickle is damaged or not supported: it takes more than 200000 steps, as no state of a ' +
    'network does \\(at byte \\d+\\)\\.$',
);

test('readPickle() ends after a fixed number of steps, nested or not', async () => {
  await assert.rejects(read(Buffer.from(']'.repeat(300_000))), {
    name: 'AlexNetError',
    message: tooMany,
  });
  await assert.rejects(read(Buffer.from('('.repeat(300_000))), {
    name: 'AlexNetError',
    message: tooMany,
  });
});

test('readPickle() counts what a call is given, so one list serves no thousand', async () => {
  const list = writeAll(
    new Pickler().start().op(']q\0').op('('),
    Array.from({ length: 50_000 }, () => null),
  ).op('e');
  const calls = list
    .op('ccollections\nOrderedDict\nq\x01')
    .op('h\x01h\0\x85R'.repeat(30_000))
    .op('.');
  await assert.rejects(read(calls.bytes), { name: 'AlexNetError', message: tooMany });
});

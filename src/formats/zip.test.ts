import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlibCrc32, deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { anyBytes, anyText } from '../testing/arbitraries.ts';
import { crc32 } from './crc32.ts';
import { bytesSource, readBytes } from './source.ts';
import { readZip, writeZip } from './zip.ts';

interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const anyEntries: fc.Arbitrary<Entry[]> = fc.uniqueArray(
  fc
    .tuple(anyText, fc.nat(300))
    .chain(([name, size]) => anyBytes(size).map((bytes) => ({ name, bytes }))),
  { selector: ({ name }) => name, maxLength: 5 },
);

function archive(entries: readonly Entry[]): Buffer {
  return Buffer.concat([
    ...writeZip(
      entries.map(({ name, bytes }) => ({
        name,
        size: bytes.length,
        pieces: () => [bytes.subarray(0, 7), bytes.subarray(7)],
      })),
    ),
  ]);
}

async function contents(bytes: Uint8Array): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { name, size, content } of (await readZip(bytesSource(bytes))).values())
    entries.push({ name, bytes: await readBytes(content, 0, size, name) });
  return entries;
}

test('any entries come back from a zip archive', async () => {
  await fc.assert(
    fc.asyncProperty(anyEntries, async (entries) => {
      const found = await contents(archive(entries));
      assert.deepEqual(
        found.map(({ name, bytes }) => [name, [...bytes]]),
        entries.map(({ name, bytes }) => [name, [...bytes]]),
      );
    }),
  );
});

test('an entry with any byte changed fails its checksum, however it is read', async () => {
  const anyChange = fc.record({
    size: fc.integer({ min: 1, max: 200 }),
    at: fc.nat(199),
    by: fc.integer({ min: 1, max: 255 }),
    step: fc.integer({ min: 1, max: 90 }),
  });
  await fc.assert(
    fc.asyncProperty(anyChange, async ({ size, at, by, step }) => {
      const changed = archive([{ name: 'a', bytes: new Uint8Array(size) }]);
      changed[31 + (at % size)]! ^= by;
      const { content } = (await readZip(bytesSource(changed))).get('a')!;
      const walk = async (): Promise<void> => {
        // Steps overlap, as windows do.
        for (let position = 0; position < size; position += step)
          await readBytes(
            content,
            Math.max(0, position - 3),
            Math.min(step + 3, size - Math.max(0, position - 3)),
            'a',
          );
      };
      await assert.rejects(walk(), {
        name: 'AlexNetError',
        message:
          'The zip archive is damaged or not supported: the content of the entry "a" does not ' +
          'fit its checksum.',
      });
    }),
  );
});

test('crc32() gives the check value of its definition, in parts, aligned or not', () => {
  const digits = new TextEncoder().encode('123456789');
  assert.equal(crc32(digits), 0xcbf43926);
  fc.assert(
    fc.property(
      fc.nat(100).chain((size) => anyBytes(size)),
      fc.nat(100),
      (bytes, cut) => {
        const at = Math.min(cut, bytes.length);
        const whole = crc32(bytes);
        assert.equal(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at))), whole);
        if (zlibCrc32 !== undefined) assert.equal(whole, zlibCrc32(bytes));
      },
    ),
  );
});

/** An archive whose one entry is deflated, and says that it unpacks to `size`. */
function deflated(bytes: Uint8Array, size = bytes.length, checksum = crc32(bytes)): Buffer {
  const packed = deflateRawSync(bytes);
  const made = archive([{ name: 'a', bytes: packed }]);
  const directory = made.readUInt32LE(made.length - 6);
  for (const [at, shift] of [
    [0, 0],
    [directory, 2],
  ] as const) {
    made.writeUInt16LE(8, at + 8 + shift);
    made.writeUInt32LE(checksum, at + 14 + shift);
    made.writeUInt32LE(size, at + 22 + shift);
  }
  return made;
}

test('readZip() unpacks deflated entries and holds them against size and checksum', async () => {
  const bytes = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 251);
  assert.deepEqual((await contents(deflated(bytes)))[0]!.bytes, bytes);
  const damaged = 'The zip archive is damaged or not supported: ';
  for (const size of [2999, 3001]) {
    await assert.rejects(contents(deflated(bytes, size)), {
      name: 'AlexNetError',
      message:
        `${damaged}the entry "a" does not unpack to the ${size} bytes that the directory ` +
        'gives.',
    });
  }
  await assert.rejects(contents(deflated(bytes, 3000, 5)), {
    message: `${damaged}the content of the entry "a" does not fit its checksum.`,
  });
  // PyTorch can be told to leave checksums out; it writes zeros then.
  assert.equal((await contents(deflated(bytes, 3000, 0)))[0]!.bytes.length, 3000);
});

test('readZip() refuses a bomb before it unpacks anything', async () => {
  const bomb = deflated(new Uint8Array(100_000));
  await assert.rejects(readZip(bytesSource(bomb)), {
    name: 'AlexNetError',
    message:
      `The zip archive of ${bomb.length} bytes would unpack to 100000, more than ten times as ` +
      'much. It is not unpacked.',
  });
});

const two = archive([
  { name: 'a', bytes: new Uint8Array(20) },
  { name: 'b', bytes: new Uint8Array(20) },
]);
const directoryStart = two.readUInt32LE(two.length - 6);
const refused: [what: string, change: (bytes: Buffer) => unknown, why: string][] = [
  [
    'entries that overlap',
    (bytes) => bytes.writeUInt32LE(10, directoryStart + 47 + 42),
    'the entry "b" overlaps the one before it',
  ],
  [
    'a name given twice',
    (bytes) => bytes.write('a', directoryStart + 2 * 47 - 1),
    'the entry "a" is there twice',
  ],
  [
    'an entry that is elsewhere',
    (bytes) => bytes.writeUInt32LE(60, directoryStart + 47 + 42),
    'the entry "b" is not where the directory says',
  ],
  [
    'another name in the local header',
    (bytes) => bytes.write('c', 51 + 30),
    'the entry "b" has another name in its own header',
  ],
  [
    'encryption',
    (bytes) => bytes.writeUInt16LE(1, directoryStart + 8),
    'the entry "a" is encrypted',
  ],
  [
    'other methods',
    (bytes) => bytes.writeUInt16LE(93, directoryStart + 10),
    'the entry "a" is packed by method 93; only stored (0) and deflate (8) are read',
  ],
  [
    'two sizes of a stored entry',
    (bytes) => bytes.writeUInt32LE(7, directoryStart + 24),
    'the entry "a" is stored, but its two sizes are 7 and 20',
  ],
  [
    'more entries than the directory has',
    (bytes) => bytes.writeUInt16LE(3, bytes.length - 12),
    'its directory ends after 2 of 3 entries',
  ],
  [
    'too many entries',
    (bytes) => bytes.writeUInt16LE(30_000, bytes.length - 12),
    'it says it has 30000 entries; more than 20000 are not read',
  ],
  [
    'a cut archive',
    (bytes) => bytes.fill(0, bytes.length - 22),
    'its directory is missing, so it is not whole',
  ],
];

for (const [what, change, why] of refused) {
  test(`readZip() refuses ${what}`, async () => {
    const bytes = Buffer.from(two);
    change(bytes);
    await assert.rejects(readZip(bytesSource(bytes)), {
      name: 'AlexNetError',
      message: `The zip archive is damaged or not supported: ${why}.`,
    });
  });
}

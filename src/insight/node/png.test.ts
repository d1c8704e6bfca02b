import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distinctNames } from './compare.ts';
import { broken, widthOf } from './png.ts';

test('broken() breaks at spaces, and within a name that is longer than a line', () => {
  assert.deepEqual(broken('a bee or b', widthOf('a bee')), ['a bee', 'or b']);
  const name = 'WWW_2019-06-14_MMMMMMMM.png';
  const lines = broken(`by ${name} here`, 8);
  assert.equal(lines.join('').replaceAll(' ', ''), `by${name}here`);
  assert.ok(
    lines.every((line) => widthOf(line) <= 8),
    lines.join('|'),
  );
  assert.deepEqual(broken('', 8), ['']);
});

test('distinctNames() tells models of one file name apart', () => {
  const at = (path: string): { name: string; path: string } => ({
    name: path.split('/').at(-1)!,
    path,
  });
  assert.deepEqual(distinctNames(at('/a/x.pth'), at('/a/y.pth')), ['x.pth', 'y.pth']);
  assert.deepEqual(distinctNames(at('/r/one/m.pth'), at('/r/two/m.pth')), [
    'one/m.pth',
    'two/m.pth',
  ]);
  assert.deepEqual(distinctNames(at('/r/m.pth'), at('/r/m.pth')), [
    'm.pth',
    'm.pth, the same file',
  ]);
});

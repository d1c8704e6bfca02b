import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { experiments } from '../../experiment/catalogue/index.ts';
import { command } from '../../testing/cli.ts';

const names = Object.keys(experiments);

describe('alexnet experiment', () => {
  test('--list names every experiment with its claim', async () => {
    const { code, out } = await command(['experiment', '--list']);
    assert.equal(code, 0);
    for (const [name, { claim }] of Object.entries(experiments))
      assert.ok(out.includes(name) && out.includes(claim), name);
    const { out: text } = await command(['experiment', '--list', '--json']);
    const list = JSON.parse(text) as readonly Record<string, unknown>[];
    assert.deepEqual(
      list.map(({ name }) => name),
      ['relu', 'lrn', 'overlap', 'dropout', 'augmentation', 'towers', 'crops', 'depth'],
    );
    assert.deepEqual(Object.keys(list[0]!), [
      'name',
      'title',
      'claim',
      'paper',
      'seeds',
      'minutes',
    ]);
  });

  test('says which experiments there are where none or another is named', async () => {
    const none = await command(['experiment']);
    assert.equal(none.code, 2);
    assert.match(none.err, /^Which experiment\? There are: relu, lrn, .*--list says what each/);
    const other = await command(['experiment', 'drop-out']);
    assert.equal(other.code, 2);
    assert.match(
      other.err,
      new RegExp(
        '^There is no experiment "drop-out"\\. Did you mean "dropout"\\? The experiments are: ' +
          `${names.join(', ')}\\.`,
      ),
    );
  });

  test('names data that is not there before anything is made', async () => {
    const { code, err } = await command(['experiment', 'relu', '--data', '/nowhere/at/all']);
    assert.equal(code, 1);
    assert.match(err, /There is no file or folder \/nowhere\/at\/all\./);
  });
});

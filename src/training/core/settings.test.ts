import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../errors.ts';
import { alexnet } from '../../network/variants.ts';
import { resolveSettings } from './resolve.ts';
import type { SettingsOverrides } from './resolve.ts';
import { parseSettings } from './settings.ts';

/** What is said about settings with these overrides, without "The setting … is not valid: ". */
function said(overrides: SettingsOverrides): string {
  try {
    resolveSettings('photos', overrides);
    return 'nothing';
  } catch (error) {
    return (error as Error).message.replace(/^The setting (.*) is not valid: /, '$1: ');
  }
}

test('a value out of range is refused with what was found and the limit that it broke', () => {
  const cases: readonly (readonly [SettingsOverrides, string])[] = [
    [{ momentum: 1 }, '"momentum": found 1. Too big: expected number to be <1.'],
    [{ momentum: -0.1 }, '"momentum": found -0.1. Too small: expected number to be >=0.'],
    [{ learningRate: 0 }, '"learningRate": found 0. Too small: expected number to be >0.'],
    [{ holdOut: 0.6 }, '"holdOut": found 0.6. Too big: expected number to be <=0.5.'],
    [{ epochs: 1.5 }, '"epochs": found 1.5. Invalid input: expected int, received number.'],
    [{ batch: 'x' }, '"batch": found "x". Invalid input: expected number, received string.'],
    [{ clip: NaN }, '"clip": found null. Invalid input: expected number, received NaN.'],
    [
      { precision: 'f16' },
      '"precision": found "f16". Invalid option: expected one of "f32"|"bf16".',
    ],
    [
      { preprocessing: { mean: [1, 2] } },
      '"preprocessing.mean": found [1,2]. ' +
        'Expected "image", "imageAtCrop", "colour" or three numbers.',
    ],
    [
      { augmentation: { crop: { from: 'resized', area: [0, 1], aspect: [1, 1] } } },
      '"augmentation.crop.area.0": found 0. Too small: expected number to be >0.',
    ],
    [
      { schedule: { kind: 'linear' } },
      '"schedule.kind": found "linear". Invalid option: ' +
        'expected one of "constant"|"steps"|"drops"|"exponential"|"plateau"|"cosine".',
    ],
    [{ freeze: [1] }, '"freeze.0": found 1. Invalid input: expected string, received number.'],
    [{ momentum: 0.999, dropout: null, patience: 3, average: { decay: 0.9, every: 1 } }, 'nothing'],
  ];
  for (const [overrides, sentence] of cases) assert.equal(said(overrides), sentence);
});

test('an unknown key is told before any value, with the keys that may stand there', () => {
  assert.equal(
    said({ epochs: 0, augmentation: { pca: { deviaton: 1 } } }),
    'There is no setting "deviaton" in "augmentation.pca". Did you mean "deviation"? ' +
      'The settings there are: deviation, scale, until.',
  );
});

test('settings come out in the order of their declaration, however they came in', () => {
  const settings = resolveSettings('paper');
  const reversed = (value: unknown): unknown =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([key, inner]) => [key, reversed(inner)]),
        );
  assert.equal(JSON.stringify(parseSettings(reversed(settings))), JSON.stringify(settings));
  assert.deepEqual(Object.keys(settings).slice(0, 3), ['recipe', 'variant', 'input']);
  assert.deepEqual(Object.keys(settings.schedule), ['kind', 'factor', 'patience', 'drops']);
});

test('settings that lack one are refused, and so is what is no object', () => {
  const { warmup: _, ...rest } = resolveSettings('photos');
  assert.throws(() => parseSettings(rest), {
    name: 'UsageError',
    message:
      'The setting "warmup" is not valid: found nothing. ' +
      'Invalid input: expected number, received undefined.',
  });
  assert.throws(() => parseSettings(null), /expected object, received null\.$/);
});

test('a network stands in place of a variant, whole', () => {
  const network = alexnet('small', { classes: 4 });
  const settings = resolveSettings('photos', { network });
  assert.equal(settings.variant, null);
  assert.equal(settings.input, null);
  assert.deepEqual(settings.network, network);
  assert.deepEqual(parseSettings(JSON.parse(JSON.stringify(settings))), settings);
  assert.ok(!('network' in resolveSettings('photos')));
  for (const [key, value] of Object.entries({ variant: 'paper', input: 99, width: 2 })) {
    assert.throws(
      () => resolveSettings('photos', { network, [key]: value }),
      new UsageError(
        `The settings "network" and "${key}" cannot stand together: a network is given whole. ` +
          'Leave one of them out.',
      ),
    );
  }
  assert.throws(() => resolveSettings('photos', { network: network.slice(1) }), {
    message: /^A network starts with an input layer/,
  });
});

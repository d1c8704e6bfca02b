import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { f32Weights, f32Values } from '../../model/weights.ts';
import { alexnet } from '../../network/variants.ts';
import { testParameters } from '../../testing/data.ts';
import type { Entry } from '../core/entries.ts';
import { MemoryStore } from '../core/memory-store.ts';
import type { RunRecord } from '../core/record.ts';
import { resolveSettings } from '../core/resolve.ts';
import type { Checkpoint, RunStore } from '../core/run-store.ts';
import { firstState } from '../core/state.ts';
import { FolderStore } from './folder-store.ts';

const network = alexnet('small', { classes: 2, width: 1 / 16 });

const record: RunRecord = {
  started: '2012-09-30T00:00:00.000Z',
  engine: 'reference',
  threads: 1,
  budget: null,
  data: { root: 'photos', kind: 'folder', digest: '0', classes: 2, train: 4, validation: 0 },
  settings: resolveSettings('photos'),
  transfer: null,
};

function checkpoint(seed: number, step: number): Checkpoint {
  const weights = testParameters(network, seed);
  const velocities = testParameters(network, seed + 1);
  velocities.delete('conv1.weight'); // as where conv1 is frozen
  velocities.delete('conv1.bias');
  return {
    model: {
      network,
      weights: f32Weights(weights),
      labels: [{ name: 'cat' }, { name: 'dog' }],
      preprocessing: {
        resize: { how: 'shorterSide', size: 37 },
        crop: 32,
        channels: 'RGB',
        scale: 1,
        mean: [1, 2, 3],
        deviation: [1, 1, 1],
      },
      provenance: { recipe: 'photos' },
    },
    velocities,
    average: seed % 2 === 0 ? undefined : testParameters(network, seed + 2),
    state: { ...firstState(9), step },
  };
}

/** A checkpoint's numbers and state; its model may carry a mark of the store. */
function contentOf({ model, velocities, average, state }: Checkpoint): unknown {
  return { weights: model.weights, labels: model.labels, velocities, average, state };
}

const scores = { loss: 1, top1: 0.5, top5: 1 };
const rates = { learningRate: 0.1, imagesPerSecond: 1, waiting: 0 };

function stepEntry(step: number): Entry {
  return { kind: 'step', step, epoch: 1, loss: 1, top1: 0.5, ...rates };
}

function epochEntry(step: number, epoch: number): Entry {
  return { kind: 'epoch', step, epoch, train: scores, validation: null, seconds: 1, ...rates };
}

const stores: Readonly<Record<string, (folder: string) => RunStore>> = {
  MemoryStore: () => new MemoryStore(),
  FolderStore: (folder) => new FolderStore(folder, (text) => assert.fail(text)),
};

for (const [name, open] of Object.entries(stores)) {
  const withStore = async (use: (store: RunStore) => Promise<void>): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'alexnet-store-'));
    try {
      await use(open(folder));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  describe(name, () => {
    test('keeps the record of the run that was begun, and has none before', async () => {
      await withStore(async (store) => {
        await assert.rejects(store.record(), /^AlexNetError: There is no run to resume in /);
        await store.begin(record);
        assert.deepEqual(await store.record(), record);
      });
    });

    test('gives the checkpoint that was last written, whatever becomes of its arrays', async () => {
      await withStore(async (store) => {
        assert.equal(await store.readCheckpoint(), undefined);
        for (const [seed, step] of [
          [1, 3],
          [2, 5],
        ] as const) {
          const given = checkpoint(seed, step);
          await store.writeCheckpoint(given);
          for (const tensor of given.model.weights.values()) f32Values(tensor).fill(NaN);
          for (const values of given.velocities.values()) values.fill(NaN);
          (given.state as { step: number }).step = -1;
          const found = await store.readCheckpoint();
          assert.deepEqual(contentOf(found!), contentOf(checkpoint(seed, step)));
        }
      });
    });

    test('takes out of its journal what a run writes again', async () => {
      await withStore(async (store) => {
        await store.begin(record);
        await store.rewind({ step: 0, epoch: 0 });
        const entries = [stepEntry(1), stepEntry(2), epochEntry(2, 1), stepEntry(3)];
        for (const entry of entries) await store.addEntry(entry);
        assert.deepEqual(await store.entries(), entries);
        await store.rewind({ step: 2, epoch: 1 });
        assert.deepEqual(await store.entries(), entries.slice(0, 3));
        await store.rewind({ step: 2, epoch: 0 });
        assert.deepEqual(await store.entries(), entries.slice(0, 2));
        await store.addEntry(epochEntry(2, 1));
        assert.deepEqual(await store.entries(), entries.slice(0, 3));
      });
    });

    test('keeps the best model', async () => {
      await withStore(async (store) => {
        await assert.rejects(store.best(), { name: 'AlexNetError' });
        await store.keepBest(checkpoint(1, 1).model);
        await store.keepBest(checkpoint(2, 2).model);
        assert.deepEqual(await store.best(), checkpoint(2, 2).model);
      });
    });
  });
}

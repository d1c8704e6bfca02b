import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlexNet } from './alexnet.ts';
import { writeModel } from '../model/node/model-file.ts';
import { testParameters } from '../testing/data.ts';
import { withFolder } from '../testing/folders.ts';
import { narrowVariants } from '../testing/networks.ts';
import { drawn } from '../testing/pictures.ts';
import { predictFiles } from './predict.ts';
import type { NamedPicture } from './predict.ts';
import { f32Weights } from '../model/weights.ts';

test('predictFiles() reads only a little ahead of what is asked for', async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/model.safetensors`;
    const network = narrowVariants.small;
    await writeModel(file, {
      network,
      weights: f32Weights(testParameters(network, 1)),
      labels: Array.from({ length: 7 }, (_, i) => ({ name: String(i) })),
      preprocessing: {
        resize: { how: 'shorterSide', size: 36 },
        crop: 33,
        channels: 'RGB',
        scale: 1,
        mean: [0, 0, 0],
        deviation: [60, 60, 60],
      },
      provenance: {},
    });
    const alexnet = await AlexNet.load(file, { engine: 'reference', batch: 4 });
    const bytes = await drawn(40, 36).png().toBuffer();
    let read = 0;
    const endless = async function* (): AsyncGenerator<NamedPicture> {
      for (;;) yield { file: String(read++), bytes };
    };
    const answers = predictFiles(alexnet, endless());
    for (let i = 0; i < 30; i++) {
      const { value } = await answers.next();
      assert.equal((value as { file: string }).file, String(i));
      assert.ok(read <= i + 1 + 4 + 8 + 4, `${read} pictures are read when ${i + 1} are answered`);
    }
    await answers.return(undefined);
    await alexnet.dispose();
  });
});

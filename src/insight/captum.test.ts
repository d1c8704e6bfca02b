import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import type { Session } from '../engine/engine.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { bytesSource } from '../formats/source.ts';
import { parametersOf } from '../network/parameters.ts';
import { alexnet } from '../network/variants.ts';
import { relativeError } from '../testing/data.ts';
import { gradCam } from './gradcam.ts';
import { deconvnet, guidedBackpropagation, saliency } from './gradients.ts';
import { integratedGradients } from './integrated.ts';
import { occlusion } from './occlusion.ts';
import { classTarget, keepForExplaining } from './target.ts';

const network = alexnet('caffe', { width: 1 / 32, input: 64, classes: 7 });
const target = classTarget(network, 3);
let session: Session;
let goldens: Map<string, Float32Array>;

before(async () => {
  const bytes = await readFile(
    new URL('../../src/testing/goldens/captum.safetensors', import.meta.url),
  );
  const file = await readSafetensors(bytesSource(bytes));
  goldens = new Map();
  for (const tensor of file.tensors.values()) goldens.set(tensor.name, await tensor.read());
  session = await referenceEngine.prepare(network, {
    batch: 10,
    mode: 'inspection',
    keep: keepForExplaining(network),
  });
  for (const { name } of parametersOf(network)) await session.setParameter(name, golden(name));
});
after(() => session.dispose());

function golden(name: string): Float32Array {
  return goldens.get(name)!;
}

/** As Captum says, to 1e-4 of its largest number. */
function likeCaptum(found: Float32Array, name: string): void {
  const error = relativeError(found, golden(name));
  assert.ok(error < 1e-4, `${name} is off by ${error} of its largest number`);
}

test('the network of the goldens gives the same logits as PyTorch', async () => {
  await session.forward(golden('image'));
  likeCaptum(await session.activation('fc8'), 'logits');
});

test("saliency() is Captum's Saliency", async () => {
  likeCaptum(await saliency(session, golden('image'), target), 'saliency');
});

test("integratedGradients() is Captum's with 50 Gauss-Legendre steps", async () => {
  likeCaptum(
    (await integratedGradients(session, golden('image'), target, { steps: 50 })).values,
    'integratedGradients',
  );
});

test("guidedBackpropagation() is Captum's GuidedBackprop", async () => {
  likeCaptum(
    await guidedBackpropagation(session, golden('image'), target),
    'guidedBackpropagation',
  );
});

test("deconvnet() is Captum's Deconvolution", async () => {
  likeCaptum(await deconvnet(session, golden('image'), target), 'deconvnet');
});

test("gradCam() is Captum's LayerGradCam", async () => {
  likeCaptum((await gradCam(session, golden('image'), target)).values, 'gradCam');
});

test("occlusion() is Captum's Occlusion, squares cut at the border included", async () => {
  likeCaptum(
    (await occlusion(session, golden('image'), target, { patch: 10, stride: 4 })).overInput,
    'occlusion',
  );
});

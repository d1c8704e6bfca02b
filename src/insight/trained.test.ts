import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { drawScene, drawThingMask, sceneClasses } from '../data/scenes/scene.ts';
import { writeScenes } from '../data/node/write-scenes.ts';
import type { Session } from '../engine/engine.ts';
import { findEngine } from '../engine/registry.ts';
import { loadPicture, preprocess } from '../images/preprocess.ts';
import { importWeights } from '../model/import.ts';
import type { Model } from '../model/model.ts';
import { demoSettings } from '../training/node/demo.ts';
import { train } from '../training/node/train.ts';
import { gradCam } from './gradcam.ts';
import { keepForExplain } from './methods.ts';
import { occlusion } from './occlusion.ts';
import { classTarget } from './target.ts';
import { loadWeights } from '../model/weights.ts';

/**
 * A network trained as `demo` trains its own, with its recipe, on scenes of three of its six
 * classes; where each thing is, is known to the pixel.
 */
const seed = 1;
const classes = ['house', 'car', 'star'];
const perClass = { train: 250, val: 5, test: 1 };
const epochs = 10;
/** Scenes that it has not seen, of each class. */
const asked = 20;

interface Scene {
  readonly label: number;
  readonly input: Float32Array;
  /** 1 for a pixel of the thing, 0 for any other. */
  readonly thing: Float32Array;
}

let folder = '';
let model: Model;
let session: Session;
let side = 0;
let scenes: Scene[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-trained-'));
  const data = join(folder, 'pictures');
  await writeScenes(data, { seed, perClass });
  for (const part of ['train', 'val', 'test']) {
    for (const name of sceneClasses.filter((one) => !classes.includes(one)))
      await rm(join(data, part, name), { recursive: true });
  }
  const trained = await train({
    data,
    out: join(folder, 'run'),
    settings: { ...demoSettings, seed, epochs },
  });
  ({ model } = await importWeights(trained.model));
  side = model.preprocessing.crop;
  const engine = await findEngine('auto');
  session = await engine.prepare(model.network, {
    batch: 32,
    mode: 'inspection',
    keep: keepForExplain(model.network),
  });
  await loadWeights(session, model.weights);
  scenes = await Promise.all(
    model.labels.flatMap(({ name }, label) =>
      Array.from({ length: asked }, (_, n) => scene(name, label, 10_000 + n)),
    ),
  );
});
after(async () => {
  await session.dispose();
  await rm(folder, { recursive: true });
});

async function scene(name: string, label: number, number: number): Promise<Scene> {
  const { preprocessing, meanImage } = model;
  const address = { seed, label: sceneClasses.indexOf(name), number };
  const input = preprocess(
    await loadPicture(await drawScene(address), preprocessing),
    preprocessing,
    1,
    meanImage,
  );
  const plain = {
    ...preprocessing,
    scale: 1,
    mean: [0, 0, 0],
    deviation: [255, 255, 255],
  } as const;
  const mask = preprocess(await loadPicture(await drawThingMask(address), plain), plain);
  return {
    label,
    input,
    thing: mask.subarray(0, side * side).map((value) => (value >= 0.5 ? 1 : 0)),
  };
}

/** The mean probability of each scene's own class when `change` was made to it. */
async function confidence(
  change: (scene: Scene, value: number, pixel: number) => number,
): Promise<number> {
  let sum = 0;
  for (const one of scenes) {
    const probabilities = await session.forward(
      one.input.map((value, i) => change(one, value, i % (side * side))),
    );
    sum += probabilities[one.label]!;
  }
  return sum / scenes.length;
}

/**
 * A map's share on the thing, divided by the thing's share of the area: 1 where the map says
 * nothing about the thing.
 */
function concentration(map: Float32Array, thing: Float32Array): number {
  const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
  const total = sum(map);
  return total === 0
    ? 1
    : sum(map.map((value, i) => value * thing[i]!)) / total / (sum(thing) / thing.length);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether a pixel lies in the smallest rectangle around the thing, whose shape tells nothing. */
function inBox({ thing }: Scene): (pixel: number) => boolean {
  const places = [...thing.keys()].filter((i) => thing[i] === 1);
  const [rows, columns] = [places.map((i) => Math.floor(i / side)), places.map((i) => i % side)];
  const [top, bottom, left, right] = [
    Math.min(...rows),
    Math.max(...rows),
    Math.min(...columns),
    Math.max(...columns),
  ];
  return (pixel) => {
    const [y, x] = [Math.floor(pixel / side), pixel % side];
    return y >= top && y <= bottom && x >= left && x <= right;
  };
}

test('the network has learned the scenes', async () => {
  const found = await confidence((_, value) => value);
  assert.ok(found > 0.7, `its own class gets ${found}, by chance 0.33`);
});

test('a blanked thing lowers its class, blanked surroundings do so far less', async () => {
  const boxes = new Map(scenes.map((one) => [one, inBox(one)]));
  const whole = await confidence((_, value) => value);
  const without = await confidence((one, value, pixel) => (boxes.get(one)!(pixel) ? 0 : value));
  const alone = await confidence((one, value, pixel) => (boxes.get(one)!(pixel) ? value : 0));
  assert.ok(without < whole - 0.3, `${whole} fell only to ${without} without the thing`);
  assert.ok(
    alone > without + 0.3,
    `the thing alone gives ${alone}, its surroundings alone ${without}`,
  );
});

test("gradCam()'s mass lies on the drawn thing, more than any wrong map's", async () => {
  const maps: Float32Array[] = [];
  for (const { input, label } of scenes)
    maps.push((await gradCam(session, input, classTarget(model.network, label))).overInput);
  const held = (map: (n: number) => Float32Array): number =>
    mean(scenes.map(({ thing }, n) => concentration(map(n), thing)));
  const found = held((n) => maps[n]!);
  const wrong = {
    'a constant map': held((n) => maps[n]!.map(() => 1)),
    'a map upside down': held((n) => maps[n]!.toReversed()),
    "another scene's map": held((n) => maps[(n + 7) % maps.length]!),
    'a map with less where there is more': held((n) =>
      maps[n]!.map((value) => Math.max(...maps[n]!) - value),
    ),
  };
  const margin = 1.65;
  assert.ok(found > margin, `${found} times the thing's share of the area`);
  for (const [name, concentrated] of Object.entries(wrong))
    assert.ok(concentrated < margin, `${name} would pass: ${concentrated}`);
});

test('occlusion() falls most where the thing is', async () => {
  const engine = await findEngine('auto');
  const ratios: number[] = [];
  for (const { input, label, thing } of scenes.filter((_, n) => n % 3 === 0)) {
    const { overInput } = await occlusion(
      session,
      input,
      { layer: 'softmax', unit: label },
      { patch: 8, stride: 4, parts: { engine } },
    );
    ratios.push(
      concentration(
        overInput.map((drop) => Math.max(0, drop)),
        thing,
      ),
    );
  }
  assert.ok(mean(ratios) > 1.7, `${mean(ratios)} times the thing's share of the area`);
});

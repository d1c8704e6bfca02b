import { basename } from 'node:path';
import type { Engine, Mode, Session } from '../../engine/engine.ts';
import { findEngine } from '../../engine/registry.ts';
import { UsageError, nearest } from '../../errors.ts';
import type { Picture } from '../../images/picture.ts';
import { loadPicture, preprocess } from '../../images/preprocess.ts';
import { loadSharp } from '../../images/node/sharp.ts';
import { ranking } from '../../inference/ranking.ts';
import { importWeights } from '../../model/import.ts';
import type { Guess } from '../../model/guesses.ts';
import type { Model } from '../../model/model.ts';
import type { Network } from '../../network/layer.ts';
import { inputPicture } from '../draw.ts';
import type { Section } from '../pages/report.ts';
import { randomize } from '../randomize.ts';
import { f32Weights, loadWeights } from '../../model/weights.ts';

export interface OpenOptions {
  readonly engine?: string;
  readonly threads?: number;
  readonly seed?: number;
  /** Most photographs computed at once. Default 1. */
  readonly batch?: number;
  /** Default `inspection`. */
  readonly mode?: Mode;
  /** Which layers are to be read. Default all. */
  readonly keep?: (network: Network) => readonly string[] | 'all';
  /** Shuffle the weights from this layer upwards. */
  readonly randomize?: string;
  /** Also a model whose weights are NaN or infinite. Default false: it is refused. */
  readonly allowNaN?: boolean;
  /** Of one photograph: more are refused. Default 100 million. */
  readonly maximumPixels?: number;
  /** What the weights' file does not say and was assumed, before anything is computed. */
  readonly onGuesses?: (guesses: readonly Guess[], path: string) => void;
}

/** A model and a session that has its weights, shuffled ones included. */
export interface Opened {
  readonly model: Model;
  readonly session: Session;
  /** What the session was prepared with. */
  readonly engine: Engine;
  /** The file's name, for titles. */
  readonly name: string;
  /** Where it lies. */
  readonly path: string;
  /** Of one photograph: more are refused. Default 100 million. */
  readonly maximumPixels?: number;
}

/**
 * Reads a model (ours, or published weights of any kind), prepares an engine, gives both to `use`,
 * and lets go of the engine whatever happens.
 */
export async function withModel<T>(
  path: string,
  options: OpenOptions,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { model, guesses } = await importWeights(path, { allowNaN: options.allowNaN ?? false });
  options.onGuesses?.(guesses, path);
  const engine = await findEngine(options.engine);
  const {
    batch = 1,
    mode = 'inspection',
    keep = () => 'all' as const,
    threads,
    seed = 0,
    maximumPixels,
  } = options;
  const session = await engine.prepare(model.network, {
    batch,
    mode,
    keep: keep(model.network),
    ...(threads !== undefined && { threads }),
  });
  try {
    await loadWeights(session, model.weights);
    const limit = maximumPixels !== undefined && { maximumPixels };
    if (options.randomize === undefined)
      return await use({ model, session, engine, name: basename(path), path, ...limit });
    await randomize(session, options.randomize, seed);
    return await use({
      model: { ...model, weights: f32Weights(await weightsOf(session)) },
      session,
      engine,
      name: `${basename(path)} with its weights shuffled from ${options.randomize} up`,
      path,
      ...limit,
    });
  } finally {
    await session.dispose();
  }
}

async function weightsOf(session: Session): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const { name } of session.parameters) weights.set(name, await session.getParameter(name));
  return weights;
}

/** A photograph as the network sees it. */
export interface Photograph {
  readonly file: string;
  readonly name: string;
  /** `[3, crop, crop]`. */
  readonly input: Float32Array;
  /** The same for people. */
  readonly picture: Picture;
  /** All of it, upright, no more than {@link wholeSide} pixels wide or high. */
  readonly whole: () => Promise<Picture>;
  /** What one should know about it: that it was enlarged. */
  readonly remark?: string;
}

/** @throws {UnreadablePicture} with the file's name. */
export async function openPhotograph(
  file: string,
  {
    model,
    maximumPixels,
  }: {
    readonly model: Pick<Model, 'preprocessing' | 'meanImage'>;
    readonly maximumPixels?: number;
  },
): Promise<Photograph> {
  const { preprocessing, meanImage } = model;
  const limit = maximumPixels !== undefined && { maximumPixels };
  const loaded = await loadPicture(file, { ...preprocessing, ...limit });
  const input = preprocess(loaded, preprocessing, 1, meanImage);
  const remark = await smallness(file, preprocessing.crop);
  return {
    file,
    name: basename(file),
    input,
    picture: inputPicture(input, preprocessing, meanImage),
    whole: () => wholePicture(file),
    ...(remark !== undefined && { remark }),
  };
}

const wholeSide = 640;

/** Of photographs that were held against the limit already. */
const unlimited = { limitInputPixels: false } as const;

async function wholePicture(file: string): Promise<Picture> {
  const sharp = await loadSharp();
  const { data, info } = await sharp(file, unlimited)
    .autoOrient()
    .resize(wholeSide, wholeSide, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** The photograph itself, and beside it what the network sees of it. */
export async function photographSection(photograph: Photograph): Promise<Section> {
  const { picture, remark, name } = photograph;
  return {
    panels: [
      { picture: await photograph.whole(), caption: ['the photograph', name], alt: name },
      {
        picture,
        caption: ['what the network sees of it', ...(remark === undefined ? [] : [remark])],
        alt: 'The photograph as the network sees it',
      },
    ],
    columns: 4,
  };
}

async function smallness(file: string, crop: number): Promise<string | undefined> {
  const sharp = await loadSharp();
  const { width, height } = (await sharp(file, unlimited).metadata()).autoOrient;
  if (Math.min(width, height) >= crop) return undefined;
  return (
    `${basename(file)} has ${width}×${height} pixels, fewer than the network's input of ` +
    `${crop}×${crop}: it was enlarged, which adds no detail.`
  );
}

/** How a class is called, for people. */
export function className({ labels }: Model, index: number): string {
  return labels[index]?.name ?? `class ${index}`;
}

/**
 * A class by its number or its label.
 * @throws {UsageError} for one that the model does not have, or a label that several classes have.
 */
export function findClass({ labels }: Model, text: string): number {
  const same = labels.flatMap(({ name, wnid }, index) =>
    name.toLowerCase() === text.toLowerCase() || wnid === text ? [index] : [],
  );
  if (same.length === 1) return same[0]!;
  if (same.length > 1)
    throw new UsageError(
      `${same.length} classes are called "${text}". Give one by its number: ${same.join(', ')}.`,
    );
  if (/^\d+$/.test(text) && Number(text) < labels.length) return Number(text);
  const names = labels.map(({ name }) => name);
  const guess = nearest(text, names);
  const list =
    names.length <= 12
      ? names.join(', ')
      : `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`;
  throw new UsageError(
    `The model has no class "${text}". ` +
      `${guess === undefined ? '' : `Did you mean "${guess}"? `}It has ${names.length}, ` +
      `numbered 0 to ${names.length - 1}: ${list}.`,
  );
}

export interface Likely {
  readonly index: number;
  readonly label: string;
  readonly probability: number;
}

/** The most probable classes, first first. */
export function likeliest(model: Model, probabilities: Float32Array, count: number): Likely[] {
  return ranking(probabilities, count).map((index) => ({
    index,
    label: className(model, index),
    probability: probabilities[index]!,
  }));
}

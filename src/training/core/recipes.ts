import type { Settings } from './settings.ts';

/** What a recipe says: all settings but those that belong to one run. */
export type Recipe = Omit<
  Settings,
  'recipe' | 'seed' | 'precision' | 'from' | 'freeze' | 'oldRate'
>;

/** What the published recipes have in common. */
const published = {
  input: null,
  width: 1,
  initial: 'variant',
  dropout: null,
  epochs: 90,
  microBatch: null,
  learningRate: 0.01,
  momentum: 0.9,
  warmup: 0,
  labelSmoothing: 0,
  clip: null,
  average: null,
  patience: null,
  holdOut: 0.1,
  checkpointMinutes: 5,
} as const;

/** Ways to train, as data. Any setting can be overridden. */
export const recipes = {
  /**
   * Found by experiment: docs/training.md. An input of 99 costs a sixth of 227's work, and buys
   * epochs that matter more.
   */
  photos: {
    about: 'from some hundred to tens of thousands of photographs, from scratch, on a CPU',
    variant: 'paper',
    input: 99,
    width: 1,
    initial: 'he',
    dropout: null,
    epochs: 50,
    batch: 32,
    microBatch: null,
    learningRate: 0.02,
    momentum: 0.9,
    weightDecay: 5e-4,
    schedule: { kind: 'cosine', floor: 0 },
    warmup: 2,
    labelSmoothing: 0.1,
    clip: 5,
    average: null,
    patience: null,
    holdOut: 0.1,
    checkpointMinutes: 5,
    augmentation: {
      crop: { from: 'resized', area: [0.3, 1], aspect: [3 / 4, 4 / 3] },
      mirror: 0.5,
      jitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3 },
    },
    preprocessing: {
      resize: 'shorterSide',
      size: null,
      channels: 'RGB',
      scale: 1,
      mean: 'colour',
      deviation: 'colour',
    },
  },
  paper: {
    ...published,
    about: 'Krizhevsky, Sutskever and Hinton 2012, §4 and §5, made for 1.2 million pictures',
    variant: 'paper',
    batch: 128,
    weightDecay: 5e-4,
    schedule: { kind: 'plateau', factor: 0.1, patience: 5, drops: 3 },
    augmentation: { crop: { from: 'square' }, mirror: 0.5, pca: { deviation: 0.1 } },
    preprocessing: {
      resize: 'shorterSide',
      size: null,
      channels: 'RGB',
      scale: 1,
      mean: 'image',
      deviation: [1, 1, 1],
    },
  },
  source: {
    ...published,
    about:
      "what the authors' code ran in 2012 (layers-145.cfg and its log), made for 1.2 million " +
      'pictures',
    variant: 'source',
    epochs: 91,
    batch: 128,
    weightDecay: 5e-4,
    schedule: { kind: 'drops', at: [25, 51, 79], factor: 0.1 },
    biasSchedule: { kind: 'constant' },
    augmentation: {
      crop: { from: 'square' },
      mirror: 0.5,
      chunk: 32,
      pca: { deviation: 0.1, scale: 'deviation', until: 67 },
    },
    preprocessing: {
      resize: 'shorterSide',
      size: null,
      channels: 'RGB',
      scale: 1,
      mean: 'image',
      deviation: [1, 1, 1],
    },
  },
  onetower: {
    ...published,
    about: 'cuda-convnet2 on one GPU (“one weird trick”, 2014), made for 1.2 million pictures',
    variant: 'onetower',
    batch: 128,
    weightDecay: 5e-4,
    schedule: { kind: 'exponential', steps: 4, divisor: 250 },
    // The variant's biases learn at twice the rate: 0.02.
    biasSchedule: { kind: 'exponential', steps: 2, divisor: 10 },
    augmentation: { crop: { from: 'square' }, mirror: 0.5 },
    preprocessing: {
      resize: 'shorterSide',
      size: null,
      channels: 'RGB',
      scale: 1,
      mean: 'image',
      deviation: [1, 1, 1],
    },
  },
  caffe: {
    ...published,
    about:
      'BVLC bvlc_alexnet: the solver of 450,000 steps of 256 pictures, in epochs of 1.28 million',
    variant: 'caffe',
    batch: 256,
    weightDecay: 5e-4,
    schedule: { kind: 'steps', every: 20, factor: 0.1 },
    augmentation: { crop: { from: 'square' }, mirror: 0.5 },
    preprocessing: {
      resize: 'warp',
      size: null,
      channels: 'BGR',
      scale: 1,
      mean: 'imageAtCrop',
      deviation: [1, 1, 1],
    },
  },
  torchvision: {
    ...published,
    about: "torchvision's reference training of alexnet",
    variant: 'torchvision',
    batch: 256,
    weightDecay: 1e-4,
    schedule: { kind: 'steps', every: 30, factor: 0.1 },
    momentumForm: 'outside',
    augmentation: {
      crop: { from: 'original', area: [0.08, 1], aspect: [3 / 4, 4 / 3], kept: 512 },
      mirror: 0.5,
    },
    preprocessing: {
      resize: 'shorterSide',
      size: null,
      channels: 'RGB',
      scale: 1 / 255,
      mean: [0.485, 0.456, 0.406],
      deviation: [0.229, 0.224, 0.225],
    },
  },
} as const satisfies Record<string, Recipe & { readonly about: string }>;

export type RecipeName = keyof typeof recipes;

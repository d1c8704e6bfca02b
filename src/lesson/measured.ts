/**
 * Numbers of ours that the lesson quotes. Each stands in the documentation with its machine and its
 * date, in a line with all of `words`; a test looks for that line.
 */
export interface Measured {
  readonly value: number;
  readonly command: string;
  readonly words: readonly string[];
}

export const measured = {
  inferenceTwoThreads: {
    value: 45,
    command: 'bench --engine wasm --threads 2 --batch 32',
    words: ['inference', 'wasm, relaxed SIMD', '| 2 | 32 | 45 |'],
  },
  inferenceOneThread: {
    value: 20,
    command: 'bench --engine wasm --threads 1 --batch 32',
    words: ['inference', 'wasm, relaxed SIMD', '| 1 | 32 | 20 |'],
  },
  inferenceOneImage: {
    value: 56,
    command: 'bench --engine onednn --batch 1',
    words: ['inference', 'oneDNN', '| 2 | 1 | 56 |'],
  },
  training: {
    value: 33.5,
    command: 'bench --engine onednn --mode train --batch 128',
    words: ['training', 'oneDNN', '| 2 | 128 | 33.5 |'],
  },
  trainingMemory: {
    value: 1.67,
    command: 'bench --engine onednn --mode train --batch 128',
    words: ['memory, training, batch 128', '1.67 GiB'],
  },
  caltechOneCrop: {
    value: 66.0,
    command: 'train caltech101',
    words: ['test, looked at once', '66.0 %', '68.6 %'],
  },
  caltechTenCrops: {
    value: 68.6,
    command: 'evaluate model.safetensors caltech101 --crops 10',
    words: ['test, looked at once', '66.0 %', '68.6 %'],
  },
  caltechPublished: {
    value: 49,
    command: 'train caltech101',
    words: ['AlexNet from scratch: 49 %'],
  },
  noiseKernels: {
    value: 78,
    command: 'inspect kernels MODEL',
    words: ['kernels.png', 'values 78 of 96 after 13 epochs'],
  },
  towersAlike: {
    value: 0.93,
    command: 'inspect towers MODEL',
    words: ['inspect towers', 'p = 0.93', 'p = 0.31'],
  },
  towersApart: {
    value: 0.31,
    command: 'inspect towers MODEL',
    words: ['inspect towers', 'p = 0.93', 'p = 0.31'],
  },
  reluExperiment: {
    value: 3.72,
    command: 'experiment relu',
    words: ['tanh takes 3.72 times as many epochs as ReLU', '3.40 to 4.06'],
  },
  dropoutExperiment: {
    value: 11.6,
    command: 'experiment dropout',
    words: ['The gap to the training pictures is 11.6 points smaller with dropout'],
  },
  guidedCorrelation: {
    value: 0.99,
    command: 'inspect why MODEL PHOTO --method guided-backprop --randomize fc6',
    words: ['guided backpropagation stays as it is (rank correlation 0.99)'],
  },
} as const satisfies Record<string, Measured>;

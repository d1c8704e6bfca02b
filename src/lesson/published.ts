/**
 * Numbers of Krizhevsky, Sutskever and Hinton 2012 that cannot be counted from the network, each
 * with its section.
 */
export const published = {
  trainingImages: 1_200_000, // §2
  validationImages: 50_000, // §2
  testImages: 150_000, // §2
  classes: 1000, // §2
  batch: 128, // §5
  momentum: 0.9, // §5
  weightDecay: 0.0005, // §5
  learningRate: 0.01, // §5
  learningRateFactor: 0.1, // §5
  learningRateDrops: 3, // §5
  epochs: 90, // §5
  days: [5, 6], // §5
  dropout: 0.5, // §4.2
  colourDeviation: 0.1, // §4.1
  views: 2048, // §4.1
  imageSide: 256, // §2
} as const;

/** Top-1 and top-5 errors in %, with the setting that each belongs to (§6, tables 1 and 2). */
export interface Score {
  readonly system: string;
  readonly data: 'ILSVRC-2010 test' | 'ILSVRC-2012 validation' | 'ILSVRC-2012 test';
  readonly crops: string;
  readonly top1?: number;
  readonly top5: number;
  readonly authors: boolean;
}

export const scores: readonly Score[] = [
  {
    system: 'best of the 2010 contest: six sparse-coding models averaged',
    data: 'ILSVRC-2010 test',
    crops: '',
    top1: 47.1,
    top5: 28.2,
    authors: false,
  },
  {
    system: 'best published since: two classifiers on Fisher vectors averaged',
    data: 'ILSVRC-2010 test',
    crops: '',
    top1: 45.7,
    top5: 25.7,
    authors: false,
  },
  {
    system: 'AlexNet, one network',
    data: 'ILSVRC-2010 test',
    crops: 'one (footnote 5)',
    top1: 39.0,
    top5: 18.3,
    authors: true,
  },
  {
    system: 'AlexNet, one network',
    data: 'ILSVRC-2010 test',
    crops: 'ten',
    top1: 37.5,
    top5: 17.0,
    authors: true,
  },
  {
    system: 'AlexNet, one network',
    data: 'ILSVRC-2012 validation',
    crops: 'ten',
    top1: 40.7,
    top5: 18.2,
    authors: true,
  },
  {
    system: 'AlexNet, five networks averaged',
    data: 'ILSVRC-2012 validation',
    crops: 'ten',
    top1: 38.1,
    top5: 16.4,
    authors: true,
  },
  {
    system: 'AlexNet, seven networks averaged, two of them trained on all of ImageNet first',
    data: 'ILSVRC-2012 test',
    crops: 'ten',
    top5: 15.3,
    authors: true,
  },
  {
    system: 'second-best entry: classifiers on Fisher vectors averaged',
    data: 'ILSVRC-2012 test',
    crops: '',
    top5: 26.2,
    authors: false,
  },
];

/** Points of error that one ingredient took away in the paper's own comparisons. */
export const ablations = {
  twoGpus: { top1: 1.7, top5: 1.2 }, // §3.2
  lrn: { top1: 1.4, top5: 1.2 }, // §3.3
  overlap: { top1: 0.4, top5: 0.3 }, // §3.4
} as const;

import type { Job } from './job.ts';

/** What an argument is. */
interface Values {
  /** A map: its origin, bytes from image to image, bytes from row to row. Three numbers. */
  readonly map: readonly [origin: number, image: number, row: number];
  /** An address in bytes; 0 for none. */
  readonly pointer: number;
  /** A stride or a size in bytes. */
  readonly bytes: number;
  /** How many, or which one; not below zero. */
  readonly count: number;
  /** A whole number of either sign. */
  readonly integer: number;
  readonly real: number;
  readonly flag: boolean;
  /** The thread's own scratch, given by the worker. Last, after the task. */
  readonly scratch: never;
}

type Kind = keyof Values;
type Signature = Readonly<Record<string, Kind>>;

const rowMaps = { rows: 'count', length: 'count' } as const;
const channelWindow = {
  rows: 'count',
  columns: 'count',
  channels: 'count',
  groups: 'count',
  size: 'count',
  alpha: 'real',
  beta: 'real',
  k: 'real',
  scratch: 'scratch',
} as const;
const mapWindow = {
  rows: 'count',
  columns: 'count',
  channels: 'count',
  size: 'count',
  alpha: 'real',
  beta: 'real',
} as const;
/** Where numbers of an edge lie: `network/quantisation.ts`. */
const grid = { scale: 'real', low: 'integer', high: 'integer' } as const;
/** What becomes of a layer's sums. */
const sums = {
  bias: 'pointer',
  multipliers: 'pointer',
  low: 'integer',
  high: 'integer',
  floats: 'flag',
  rectify: 'flag',
} as const;
const windows = {
  rowWindows: 'pointer',
  columnWindows: 'pointer',
  rows: 'count',
  columns: 'count',
} as const;
const poolBackward = {
  ...windows,
  inputRows: 'count',
  inputColumns: 'count',
  channels: 'count',
  channelBlock: 'count',
} as const;
const outputPanels = {
  dy: 'pointer',
  dyGroup: 'bytes',
  dyImage: 'bytes',
  dyRow: 'bytes',
  dyCell: 'bytes',
  dyPanel: 'bytes',
  images: 'count',
  rows: 'count',
  columns: 'count',
} as const;

/**
 * The kernels of `kernels/`, each with its arguments in their order; the number of the task follows
 * them. A test holds this against the compiled modules.
 */
export const signatures = {
  multiply: {
    pixelsIn: 'pointer',
    pixelsOut: 'pointer',
    pixels: 'count',
    pixelBlock: 'count',
    input: 'pointer',
    inputGroup: 'bytes',
    taps: 'pointer',
    tapCount: 'count',
    tapsPerChunk: 'count',
    run: 'count',
    lastRun: 'count',
    weights: 'pointer',
    weightsPanel: 'bytes',
    outputs: 'count',
    panelBlock: 'count',
    output: 'pointer',
    outputGroup: 'bytes',
    bias: 'pointer',
    rectify: 'flag',
  },
  weightGradient: {
    x: 'pointer',
    xGroup: 'bytes',
    xImage: 'bytes',
    xRow: 'bytes',
    xCell: 'bytes',
    xPanel: 'bytes',
    taps: 'pointer',
    tapCount: 'count',
    run: 'count',
    lastRun: 'count',
    ...outputPanels,
    gradient: 'pointer',
    gradientPanel: 'bytes',
    outputs: 'count',
    accumulate: 'flag',
    tapBlock: 'count',
  },
  biasGradient: {
    ...outputPanels,
    gradient: 'pointer',
    outputs: 'count',
    accumulate: 'flag',
  },
  denseRow: {
    x: 'pointer',
    inputs: 'count',
    weights: 'pointer',
    weightsPanel: 'bytes',
    outputs: 'count',
    y: 'pointer',
    bias: 'pointer',
    rectify: 'flag',
  },
  denseBackward: {
    dy: 'pointer',
    dyImage: 'bytes',
    weights: 'pointer',
    weightsPanel: 'bytes',
    panels: 'count',
    inputs: 'count',
    dx: 'pointer',
    dxImage: 'bytes',
    images: 'count',
    inputBlock: 'count',
    scratch: 'scratch',
  },
  relu: { x: 'map', y: 'map', ...rowMaps },
  reluBackward: { y: 'map', dy: 'map', dx: 'map', ...rowMaps, rule: 'count' },
  tanh: { x: 'map', y: 'map', ...rowMaps },
  tanhBackward: { y: 'map', dy: 'map', dx: 'map', ...rowMaps },
  scale: { x: 'map', y: 'map', ...rowMaps, factor: 'real' },
  multiplyMask: { x: 'map', y: 'map', mask: 'pointer', ...rowMaps },
  copy: { x: 'map', y: 'map', ...rowMaps },
  clearBorder: {
    map: 'map',
    top: 'count',
    rows: 'count',
    bottom: 'count',
    left: 'bytes',
    right: 'bytes',
  },
  lrnChannels: { x: 'map', y: 'map', ...channelWindow },
  lrnChannelsBackward: { x: 'map', dy: 'map', dx: 'map', ...channelWindow },
  lrnMap: { x: 'map', y: 'map', ...mapWindow, k: 'real' },
  lrnMapProducts: {
    x: 'map',
    dy: 'map',
    scaled: 'pointer',
    products: 'pointer',
    ...mapWindow,
    k: 'real',
  },
  lrnMapBackward: { x: 'map', scaled: 'pointer', products: 'pointer', dx: 'map', ...mapWindow },
  maxPool: { x: 'map', y: 'map', ...windows, channels: 'count' },
  maxPoolBackward: { x: 'map', y: 'map', dy: 'map', dx: 'map', ...poolBackward },
  averagePool: { x: 'map', y: 'map', ...windows, channels: 'count' },
  averagePoolBackward: { dy: 'map', dx: 'map', ...poolBackward },
  windowTable: {
    table: 'pointer',
    count: 'count',
    size: 'count',
    kernel: 'count',
    stride: 'count',
    before: 'integer',
  },
  regionTable: { table: 'pointer', count: 'count', size: 'count' },
  dropoutMask: {
    mask: 'pointer',
    channels: 'count',
    cells: 'count',
    threshold: 'count',
    kept: 'real',
    seed: 'count',
    stream: 'count',
    last: 'count',
    firstImage: 'count',
    scratch: 'scratch',
  },
  update: {
    value: 'pointer',
    velocity: 'pointer',
    gradient: 'pointer',
    length: 'count',
    momentum: 'real',
    decay: 'real',
    rate: 'real',
  },
  sumSquares: { values: 'pointer', length: 'count', sums: 'pointer' },
  transposeWeights: {
    weights: 'pointer',
    inputs: 'count',
    outputs: 'count',
    kernelRows: 'count',
    kernelColumns: 'count',
    rowPhase: 'count',
    rowStride: 'count',
    columnPhase: 'count',
    columnStride: 'count',
    transposed: 'pointer',
  },
  packPanels: {
    from: 'pointer',
    fromGroup: 'bytes',
    image: 'bytes',
    row: 'bytes',
    cell: 'bytes',
    rows: 'count',
    columns: 'count',
    channels: 'count',
    width: 'count',
    to: 'pointer',
    toGroup: 'bytes',
    toImage: 'bytes',
    toPanel: 'bytes',
    images: 'count',
  },
  interleave: { from: 'pointer', channels: 'count', rows: 'count', columns: 'count', to: 'map' },
  placeTable: {
    to: 'pointer',
    rows: 'count',
    columns: 'count',
    image: 'bytes',
    row: 'bytes',
    cell: 'bytes',
  },
  multiplyIntegers: {
    pixelsIn: 'pointer',
    pixelsOut: 'pointer',
    pixels: 'count',
    pixelBlock: 'count',
    input: 'pointer',
    inputGroup: 'bytes',
    taps: 'pointer',
    tapCount: 'count',
    pairs: 'count',
    weights: 'pointer',
    outputs: 'count',
    panelBlock: 'count',
    output: 'pointer',
    outputGroup: 'bytes',
    ...sums,
  },
  denseRowIntegers: {
    x: 'pointer',
    pairs: 'count',
    weights: 'pointer',
    outputs: 'count',
    y: 'pointer',
    ...sums,
  },
  toGrid: { x: 'map', y: 'map', ...rowMaps, ...grid },
  fromGrid: { x: 'map', y: 'map', ...rowMaps, scale: 'real' },
  interleaveGrid: {
    from: 'pointer',
    channels: 'count',
    rows: 'count',
    columns: 'count',
    to: 'map',
    ...grid,
  },
  lrnGrid: {
    x: 'map',
    y: 'map',
    rows: 'count',
    columns: 'count',
    channels: 'count',
    groups: 'count',
    size: 'count',
    alpha: 'real',
    beta: 'real',
    k: 'real',
    xScale: 'real',
    ...grid,
    scratch: 'scratch',
  },
  reluGrid: { x: 'map', y: 'map', ...rowMaps },
  copyGrid: { x: 'map', y: 'map', ...rowMaps },
  maxPoolGrid: { x: 'map', y: 'map', ...windows, channels: 'count' },
} as const satisfies Readonly<Record<string, Signature>>;

/** What the worker computes in TypeScript (`wasm-worker.ts`), because all engines share it. */
export const lossSignatures = {
  softmax: {
    logits: 'pointer',
    logitsImage: 'bytes',
    probabilities: 'pointer',
    probabilitiesImage: 'bytes',
    classes: 'count',
  },
  crossEntropy: {
    logits: 'pointer',
    logitsImage: 'bytes',
    labels: 'pointer',
    gradient: 'pointer',
    gradientImage: 'bytes',
    results: 'pointer',
    classes: 'count',
    labelSmoothing: 'real',
    divisor: 'real',
  },
} as const satisfies Readonly<Record<string, Signature>>;

const all = { ...signatures, ...lossSignatures };

/** By {@link Job.kernel}. */
export const kernelNames: readonly string[] = Object.keys(all);

/** An argument of each name; the worker adds the task, and the scratch where it is wanted. */
type Given<S extends Signature> = {
  readonly [Name in keyof S as S[Name] extends 'scratch' ? never : Name]: Values[S[Name]];
};

type Calls = {
  readonly [Name in keyof typeof all]: (tasks: number, given: Given<(typeof all)[Name]>) => Job;
};

/** `call.relu(tasks, { x, y, … })`: a job of so many tasks, its arguments by name. */
export const call: Calls = Object.fromEntries(
  Object.entries<Signature>(all).map(([name, signature], kernel) => {
    const names = Object.keys(signature).filter((each) => signature[each] !== 'scratch');
    return [
      name,
      (tasks: number, given: Readonly<Record<string, Values[Kind]>>): Job => ({
        kernel,
        tasks,
        arguments: numbersOf(names, given),
      }),
    ];
  }),
) as unknown as Calls;

/** How many numbers a kernel takes: its arguments, and the task. */
export function parameterCount(signature: Signature): number {
  const kinds = Object.values(signature);
  return kinds.reduce((sum, kind) => sum + (kind === 'map' ? 3 : 1), 0) + 1;
}

function numbersOf(
  names: readonly string[],
  given: Readonly<Record<string, Values[Kind]>>,
): number[] {
  const numbers: number[] = [];
  for (const name of names) {
    const value = given[name]!;
    if (typeof value === 'object') numbers.push(value[0], value[1], value[2]);
    else numbers.push(Number(value));
  }
  return numbers;
}

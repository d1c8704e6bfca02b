/**
 * What the page asks of its worker, and what the worker answers. All of the library's work is done
 * there; the page only draws answers. Types alone: nothing here is loaded.
 */
import type {
  KernelDescription,
  Layer,
  LayerType,
  Lesson,
  MapDifference,
  MapStatistics,
  MethodName,
  ResolvedWindow,
  Shape,
  WeightStatistics,
} from 'alexnet/browser';

/** Where a model comes from: a file of the page's own origin, or files of the user's. */
export interface ModelSource {
  /** As in the address: `scenes`, `own-1`, `given/cats.safetensors`. */
  readonly id: string;
  readonly url?: string;
  /** The weights first; for Caffe a prototxt and a mean beside them. */
  readonly files?: readonly File[];
}

export interface PictureSource {
  readonly id: string;
  readonly url?: string;
  readonly file?: Blob;
}

/** Which network looks at which picture, computed by which engine. */
export interface Scene {
  readonly model: ModelSource;
  readonly picture: PictureSource;
  /** `auto` or a name. */
  readonly engine: string;
}

/** One number of a layer's output. */
export interface Place {
  readonly layer: string;
  readonly unit: number;
  readonly y: number;
  readonly x: number;
}

export interface Wishes {
  start: { readonly wish: { readonly engine: string }; readonly answer: Started };
  model: {
    readonly wish: { readonly model: ModelSource; readonly engine: string };
    readonly answer: ModelAnswer;
  };
  answer: { readonly wish: Scene; readonly answer: PictureAnswer };
  maps: { readonly wish: Scene & { readonly layer: string }; readonly answer: MapsAnswer };
  column: {
    readonly wish: Scene & { readonly layers: readonly string[]; readonly unit: number };
    readonly answer: ColumnAnswer;
  };
  kernels: {
    readonly wish: Pick<Scene, 'model' | 'engine'> & {
      readonly layer: string;
      readonly unit: number;
    };
    readonly answer: KernelsAnswer;
  };
  number: { readonly wish: Scene & Place; readonly answer: NumberAnswer };
  patches: {
    readonly wish: Scene & {
      readonly layer: string;
      readonly unit: number;
      readonly pictures: readonly PictureSource[];
    };
    readonly answer: PatchesAnswer;
  };
  maximise: {
    readonly wish: Pick<Scene, 'model' | 'engine'> & {
      readonly layer: string;
      readonly unit: number;
      readonly steps: number;
    };
    readonly answer: MaximisedAnswer;
  };
  why: {
    readonly wish: Scene & {
      readonly method: MethodName;
      readonly class: number;
      /** Shuffle the weights from this layer upwards first. */
      readonly randomize?: string;
    };
    readonly answer: WhyAnswer;
  };
  differences: {
    readonly wish: Scene & { readonly other: ModelSource; readonly layer: string };
    /** The most different first; none where the layers are of different sizes. */
    readonly answer: { readonly layer: string; readonly channels: readonly MapDifference[] };
  };
  weights: {
    readonly wish: Pick<Scene, 'model' | 'engine'>;
    readonly answer: { readonly parameters: readonly WeightStatistics[] };
  };
  lesson: { readonly wish: Record<string, never>; readonly answer: LessonAnswer };
}

export type Kind = keyof Wishes;
export type WishOf<K extends Kind> = Wishes[K]['wish'];
export type AnswerOf<K extends Kind> = Wishes[K]['answer'];

/** From the page. */
export type Request =
  | {
      readonly [K in Kind]: {
        readonly id: number;
        readonly kind: K;
        readonly wish: WishOf<K>;
      };
    }[Kind]
  | { readonly id: number; readonly kind: 'cancel' };

/** To the page: what was found, how far it is, or why there is nothing. */
export type Response =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly error: string };

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** A picture on the way, where there is one to show. */
  readonly picture?: Pixels;
}

/** RGB bytes `[height, width, 3]`. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** What the page is told at its start. */
export interface Started {
  readonly engines: readonly EngineFound[];
  readonly chosen: string;
  readonly reason: string;
  /** The largest distance from the reference engine on a small network. */
  readonly difference: number;
  readonly tolerance: number;
  /** Whether pixels that are drawn are read back as they were. */
  readonly canvasTrue: boolean;
  /** `amounts` and `signs`, `[256, 3]` each. */
  readonly palettes: { readonly amounts: Uint8Array; readonly signs: Uint8Array };
}

export interface EngineFound {
  readonly name: string;
  readonly available: boolean;
  readonly reason: string;
}

/** One layer of a model with its sizes and costs, for one picture. */
export interface LayerFacts {
  readonly name: string;
  readonly type: LayerType;
  readonly layer: Layer;
  readonly input: Shape;
  readonly output: Shape;
  readonly formula: string;
  readonly window?: ResolvedWindow;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly outputBytes: number;
  /** What `describeLayer` says. */
  readonly words: string;
}

export interface ModelAnswer {
  readonly id: string;
  readonly labels: readonly string[];
  readonly layers: readonly LayerFacts[];
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly weightsBytes: number;
  readonly crop: number;
  readonly kind: string;
  readonly variant?: string;
  readonly provenance: readonly (readonly [string, string])[];
  /** On pictures that had no say in its training, where the file tells. */
  readonly score?: { readonly images: number; readonly top1: number; readonly top5: number };
  readonly guesses: readonly string[];
  readonly warnings: readonly string[];
  readonly engine: string;
  readonly threads: number;
  readonly memoryBytes: number;
}

export interface PictureAnswer {
  readonly probabilities: Float32Array;
  /** Classes, the most probable first. */
  readonly ranking: readonly number[];
  /** What the network sees: cut and scaled. */
  readonly picture: Pixels;
  readonly milliseconds: number;
}

/** Numbers as bytes: 0 stands for `low`, 255 for `high`. */
export interface Shades {
  readonly bytes: Uint8Array;
  readonly low: number;
  readonly high: number;
  /** Whether there are numbers below zero: zero is then in the middle. */
  readonly signed: boolean;
}

export interface MapsAnswer extends Shades {
  readonly layer: string;
  readonly shape: Shape;
  /** The strongest first. */
  readonly statistics: readonly MapStatistics[];
  readonly histogram: Histogram;
}

export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
  readonly zeros: number;
  readonly numbers: number;
}

/** One channel through several layers. */
export interface ColumnAnswer {
  readonly unit: number;
  readonly maps: readonly (Shades & {
    readonly layer: string;
    readonly height: number;
    readonly width: number;
  })[];
}

export interface KernelsAnswer {
  readonly layer: string;
  readonly unit: number;
  /** Of a first layer: every kernel as a small picture, on one scale. */
  readonly pictures?: readonly Pixels[];
  readonly descriptions?: readonly Pick<KernelDescription, 'kind' | 'norm' | 'angle'>[];
  /** Of a deeper one: the chosen unit's `[channels, height, width]`. */
  readonly tiles?: Shades & { readonly shape: Shape; readonly from: number };
  readonly largest: number;
}

/** A number, and what it was computed from. */
export interface NumberAnswer extends Place {
  readonly value: number;
  /** The same by the page's own arithmetic in float64. */
  readonly reckoned: number;
  readonly field: { readonly rows: Span; readonly columns: Span };
  readonly trace: Trace;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Trace =
  | ({ readonly kind: 'convolution'; readonly bias: number } & Products)
  | ({ readonly kind: 'dense'; readonly bias: number } & Terms)
  | { readonly kind: 'maximum'; readonly window: Grid; readonly at: readonly [number, number] }
  | { readonly kind: 'mean'; readonly window: Grid }
  | { readonly kind: 'relu' | 'tanh'; readonly from: number }
  | { readonly kind: 'dropout'; readonly from: number; readonly factor: number }
  | {
      readonly kind: 'lrn';
      readonly from: number;
      readonly neighbours: readonly { readonly name: string; readonly value: number }[];
      readonly squares: number;
      readonly alpha: number;
      readonly beta: number;
      readonly k: number;
    }
  | {
      readonly kind: 'softmax';
      readonly scores: readonly number[];
      readonly unit: number;
      readonly sum: number;
      readonly largest: number;
    }
  | {
      readonly kind: 'input';
      readonly byte: number;
      readonly scale: number;
      readonly mean: number;
      readonly deviation: number;
    };

/** Numbers of one map in a window; NaN where the window sees no map. */
export interface Grid {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** Patch times kernel, channel by channel. */
export interface Products {
  /** The first channel of the layer below that the kernel sees (its tower's). */
  readonly from: number;
  readonly below: string;
  readonly top: number;
  readonly left: number;
  readonly shape: Shape;
  /** `[channels, height, width]` each. */
  readonly patch: Float32Array;
  readonly kernel: Float32Array;
  /** Of each channel the sum of its products. */
  readonly sums: Float32Array;
}

/** The inputs of a dense unit that count most. */
export interface Terms {
  readonly below: string;
  readonly belowShape: Shape;
  readonly inputs: number;
  readonly largest: readonly {
    readonly index: number;
    readonly input: number;
    readonly weight: number;
  }[];
  /** What all the others add. */
  readonly rest: number;
  readonly restCount: number;
  /** Where the layer below has places: what each of them adds, over all channels. */
  readonly places?: Shades & { readonly height: number; readonly width: number };
}

export interface PatchesAnswer {
  readonly layer: string;
  readonly unit: number;
  readonly patches: readonly {
    readonly picture: string;
    readonly value: number;
    readonly y: number;
    readonly x: number;
    readonly pixels: Pixels;
  }[];
  readonly unread: readonly string[];
}

export interface MaximisedAnswer {
  readonly value: number;
  readonly pixels: Pixels;
}

export interface WhyAnswer {
  readonly method: MethodName;
  readonly heat: Shades;
  readonly height: number;
  readonly width: number;
  readonly unit: string;
  readonly facts: Readonly<Record<string, number>>;
  /** With shuffled weights: the rank correlation with the same method's true heat. */
  readonly correlation?: number;
  /** With shuffled weights: from which layer. */
  readonly randomized?: string;
  readonly milliseconds: number;
}

export interface MethodFacts {
  readonly name: MethodName;
  readonly title: string;
  readonly does: string;
  readonly cannot: string;
  readonly source: string;
}

export interface LessonAnswer {
  readonly lesson: Lesson;
}

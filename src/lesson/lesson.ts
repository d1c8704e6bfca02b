/**
 * The explanation of AlexNet as data: what a section says, what shows it, what each claim rests on
 * and what to try. One source for every face: a page, a guide in docs/, the browser app.
 *
 * Text is plain, with three marks: `code`, **strong**, and [words](#section) for a section of the
 * lesson or an address.
 */
export interface Lesson {
  readonly title: string;
  /** What this is and whom it is for, in a few sentences. */
  readonly lead: readonly string[];
  readonly sections: readonly Section[];
}

export interface Section {
  /** Its place in the page: `#id`. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'formula'; readonly lines: readonly string[] }
  | Table
  | Figure
  | Gallery
  | Arithmetic
  | { readonly kind: 'cards'; readonly cards: readonly Card[] }
  | { readonly kind: 'claims'; readonly claims: readonly Claim[] }
  | { readonly kind: 'try'; readonly tries: readonly Try[] }
  | Exercise
  | Play;

export interface Table {
  readonly kind: 'table';
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly numbers?: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

/** A drawing, or a sheet of pixels. */
export interface Figure {
  readonly kind: 'figure';
  readonly id: string;
  readonly caption: string;
  /** What a reader who does not see it needs to know. */
  readonly alt: string;
  readonly drawing: Drawing | Pixels;
  /** `wide` needs the width of a table: on a phone the figure after it says the same. */
  readonly size: 'narrow' | 'wide';
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Elements of SVG, without the `svg` around them. Colours by the classes of the page. */
  readonly content: string;
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** `data:image/png;base64,…` or `data:image/jpeg;…` */
  readonly url: string;
  /** Whether a pixel is a number, to be seen as a square. */
  readonly cells: boolean;
}

/** Small pictures side by side, each with its words. */
export interface Gallery {
  readonly kind: 'gallery';
  readonly id: string;
  readonly caption: string;
  readonly items: readonly {
    readonly pictures: readonly (Pixels & { readonly alt: string })[];
    readonly words: string;
  }[];
}

/** Small grids of numbers with signs between them: `input ∗ kernel = output`. */
export interface Arithmetic {
  readonly kind: 'arithmetic';
  readonly caption: string;
  readonly parts: readonly (Grid | string)[];
}

export interface Grid {
  readonly label: string;
  readonly rows: readonly (readonly string[])[];
  /** `[row, column]` of cells that stand out. */
  readonly marked?: readonly (readonly [number, number])[];
}

/** One layer with weights. */
export interface Card {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Shares of the whole network, from 0 to 1. */
  readonly shares: readonly { readonly name: string; readonly share: number }[];
}

export interface Claim {
  readonly claim: string;
  readonly evidence: readonly Evidence[];
  /** What this project does about it. */
  readonly ours?: string;
  readonly tries?: readonly Try[];
}

export type Evidence =
  /** Krizhevsky, Sutskever and Hinton 2012. */
  | { readonly from: 'paper'; readonly where: string; readonly says: string }
  /** Counted from the network as data, by the command that shows it. */
  | { readonly from: 'network'; readonly command: string; readonly says: string }
  /** Measured by us, with the file that tells machine and date. */
  | {
      readonly from: 'measured';
      readonly command: string;
      readonly says: string;
      readonly noted: Noted;
    }
  /** Follows from other numbers by arithmetic, or is worked out in the lesson. */
  | { readonly from: 'reckoned'; readonly says: string }
  /** Someone else's publication or code. */
  | { readonly from: 'source'; readonly where: string; readonly says: string };

/** Where a measured number is kept: a line of the documentation with all of these words. */
export interface Noted {
  readonly words: readonly string[];
}

/** Something for the reader to do. More kinds will come: a click in the browser app. */
export type Try = CommandTry;

export interface CommandTry {
  readonly kind: 'command';
  /** After `npx alexnet `. */
  readonly command: string;
  /** What to look for. */
  readonly shows: string;
  /** What it printed when it was run by hand, where it takes too long for a test. */
  readonly slow?: string;
  /** It ends with this exit code on purpose. */
  readonly exit?: 1;
}

export interface Exercise {
  readonly kind: 'exercise';
  readonly question: string;
  readonly answer: readonly string[];
}

/** Where a reader's own n, k, p and s go; without a script the still table says the same. */
export interface Play {
  readonly kind: 'play';
  readonly text: string;
  readonly presets: readonly WindowPreset[];
  readonly still: Table;
}

export interface WindowPreset {
  readonly name: string;
  readonly n: number;
  readonly k: number;
  readonly p: number;
  readonly s: number;
}

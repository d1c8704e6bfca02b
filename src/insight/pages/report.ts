import { unbroken } from '../../html.ts';
import type { Picture } from '../../images/picture.ts';
import { percent } from '../../text.ts';
import type { ColourMap, Range } from '../colours.ts';
import type { About } from '../methods.ts';

/** One picture with what it shows. */
export interface Panel {
  readonly picture: Picture;
  /** Under the picture; each entry a line. */
  readonly caption: readonly string[];
  /** For those who cannot see it. */
  readonly alt: string;
  /**
   * Photographs are smoothed when they are enlarged; cells (kernels, maps) stay squares. Default
   * photograph.
   */
  readonly cells?: boolean;
}

/** What colours stand for, drawn beside the panels. */
export interface Scale {
  readonly colours: ColourMap;
  readonly range: Range;
  readonly unit: string;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Section {
  readonly heading?: string;
  readonly text?: string;
  readonly panels?: readonly Panel[];
  /** Panels in a row. Default 4. */
  readonly columns?: number;
  /** Each two belong together, and stay beside each other where the page is narrow. */
  readonly pairs?: boolean;
  readonly scale?: Scale;
  readonly table?: Table;
}

/** A page of results, written as one PNG or one HTML file. */
export interface Report {
  readonly title: string;
  readonly subtitle: string;
  readonly sections: readonly Section[];
  /** What was done, by whom it was found, and what it cannot show. */
  readonly about: readonly About[];
}

/** A number for people: three digits, no noise; whole ones as they are. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e5) return String(value).replace('-', '−');
  if (size >= 1e5 || size < 1e-3)
    return value.toExponential(1).replace('-', '−').replace('e+', 'e').replace('e-', 'e−');
  return size >= 100 ? value.toFixed(0).replace('-', '−') : value.toPrecision(3).replace('-', '−');
}

/**
 * Where a scale ends before the largest number: what lies beyond it has the colour of its end.
 * Empty where nothing does.
 */
export function clippedWords(values: ArrayLike<number>, { low, high }: Range): string {
  let beyond = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value > high || value < low) beyond++;
    if (Math.abs(value) > Math.abs(largest)) largest = value;
  }
  if (beyond === 0 || values.length === 0) return '';
  const part = beyond / values.length;
  const told =
    part < 0.001 ? `${beyond} of ${values.length} numbers` : `${share(part)} of the numbers`;
  return (
    ` ${told} lie beyond the scale and have the colour of its end; the largest is ` +
    `${digits(largest)}.`
  );
}

/** 12.3 %, never broken between two lines. */
export function share(value: number): string {
  return unbroken(percent(value));
}

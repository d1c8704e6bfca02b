import type { Report, Table } from '../../insight/pages/report.ts';
import { bytes, counted, grouped, percent } from '../../text.ts';
import type { Figures, ShrinkResult } from '../result.ts';

/** What the terminal and the page both show. */
export function figuresTable({ before, after }: ShrinkResult): Table {
  const row = (name: string, of: (figures: Figures) => string, change: string): string[] => [
    name,
    of(before),
    of(after),
    change,
  ];
  const times = (
    part: (figures: Figures) => number,
    [better, worse]: readonly [string, string],
  ): string => {
    const ratio = part(before) / part(after);
    return ratio >= 1 ? `${ratio.toFixed(1)}× ${better}` : `${(1 / ratio).toFixed(1)}× ${worse}`;
  };
  const points = (part: 'top1' | 'top5'): string => {
    const apart = 100 * (after[part] - before[part]);
    return `${apart < 0 ? '−' : '+'}${Math.abs(apart).toFixed(2)} points`;
  };
  const milliseconds = (batch: '1' | '32'): string[] =>
    row(
      `ms at batch ${batch}`,
      (figures) => figures.milliseconds[batch].toFixed(1),
      times((figures) => figures.milliseconds[batch], ['faster', 'slower']),
    );
  return {
    columns: ['', 'before', 'after', ''],
    rows: [
      row(
        'file',
        (figures) => bytes(figures.bytes),
        times((each) => each.bytes, ['smaller', 'larger']),
      ),
      row(
        'memory, one picture',
        (figures) => bytes(figures.memoryBytes),
        times((each) => each.memoryBytes, ['less', 'more']),
      ),
      milliseconds('1'),
      milliseconds('32'),
      row('engine', ({ engine }) => engine, ''),
      row('threads', ({ threads }) => String(threads), ''),
      row('top-1', ({ top1 }) => percent(top1), points('top1')),
      row('top-5', ({ top5 }) => percent(top5), points('top5')),
    ],
  };
}

export function layersTable({ layers }: ShrinkResult): Table {
  return {
    columns: ['layer', 'became', 'sensitivity'],
    rows: layers.map(({ name, became, sensitivity }) => [
      name,
      became,
      sensitivity === null ? '–' : percent(sensitivity),
    ]),
  };
}

/** Which answers changed, and whether that can be luck. */
export function changedText({ changed, pictures }: ShrinkResult): string {
  const { images, changed: count, lost, won, p } = changed;
  const of = pictures.split === 'test' ? 'test pictures' : 'held-out pictures';
  const lucky = p < 0.05 ? 'hardly luck' : 'it may be luck';
  return (
    `${grouped(count)} of ${grouped(images)} ${of} are answered otherwise ` +
    `(${percent(count, images)}): ` +
    `${grouped(lost)} right ones became wrong, ${grouped(won)} wrong ones right ` +
    `(McNemar's p ${p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`}: ${lucky}).`
  );
}

export function budgetText({ budget: { maxDrop, drop, met }, pictures }: ShrinkResult): string {
  const lost = drop <= 0 ? 'nothing' : percent(drop);
  return (
    `Chosen on ${counted(pictures.validation, 'held-out picture')}: ${lost} of their top-1 is ` +
    `lost, ${percent(maxDrop)} may be; ${met ? 'within the budget' : 'not within the budget'}.`
  );
}

/** The page. */
export function shrinkReport(result: ShrinkResult, title: string): Report {
  return {
    title,
    subtitle: budgetText(result),
    sections: [
      { heading: 'Before and after', table: figuresTable(result), text: changedText(result) },
      {
        heading: 'Layer by layer',
        text:
          'Sensitivity: how far the probability of the right answer moves on average when this ' +
          'layer alone is computed in int8.',
        table: layersTable(result),
      },
      ...(result.notes.length > 0
        ? [{ heading: 'What else to know', text: result.notes.join(' ') }]
        : []),
    ],
    about: [],
  };
}

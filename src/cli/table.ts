export interface Column {
  readonly title: string;
  /** Where the cell's text stands. Default left. */
  readonly align?: 'left' | 'right';
}

/** A row of cells, and how its line looks. */
export interface Row {
  readonly cells: readonly string[];
  readonly style?: (line: string) => string;
}

/**
 * Columns padded to their widest cell, two spaces apart, under their titles. Every character counts
 * as one wide.
 */
export function table(columns: readonly Column[], rows: readonly Row[]): string {
  const titles: Row = { cells: columns.map(({ title }) => title) };
  const widths = columns.map((_, c) =>
    Math.max(...[titles, ...rows].map(({ cells }) => cells[c]!.length)),
  );
  const line = ({ cells, style = (text) => text }: Row): string =>
    style(
      columns
        .map(({ align }, c) =>
          align === 'right' ? cells[c]!.padStart(widths[c]!) : cells[c]!.padEnd(widths[c]!),
        )
        .join('  ')
        .trimEnd(),
    );
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [line(titles), rule, ...rows.map(line)].join('\n');
}

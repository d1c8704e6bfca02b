/** 60,965,224 */
export function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** 1 class, 1,000 classes. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** 243.9 MB; decimal units. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let amount = value;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${threeDigits(amount)} ${units[unit]}`;
}

/** 2.74 GB, 12.3 GB: memory, in decimal units. */
export function gigabytes(value: number): string {
  return `${(value / 1e9).toFixed(value < 1e10 ? 2 : 1)} GB`;
}

/** 6.2 %; `part` of `whole`, or a fraction. */
export function percent(part: number, whole = 1): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

/** 1.45 G, 331 G: a rate or a count with its decimal prefix. */
export function prefixed(value: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P'];
  let prefix = 0;
  let amount = value;
  while (amount >= 999.5 && prefix < prefixes.length - 1) {
    amount /= 1000;
    prefix++;
  }
  return `${threeDigits(amount)} ${prefixes[prefix]}`;
}

/** 33.5, 130, 1,530: images per second, never as 1.53e+3. */
export function perSecond(value: number): string {
  return value < 999.5 ? value.toPrecision(3) : grouped(Number(value.toPrecision(3)));
}

function threeDigits(value: number): string {
  return value >= 99.95 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}

// What moves a terminal's cursor, colours or titles, or turns the direction of reading round:
// C0, DEL and C1 controls, and the overrides and isolates of bidirectional text.
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text for a terminal: what would steer it is written as JSON writes it (`\u001b`), so that JSON
 * stays the same value. Line ends and tabs too, unless they are to be kept.
 */
export function printable(text: string, keep: 'lines' | 'nothing' = 'nothing'): string {
  return text.replace(controls, (found) =>
    keep === 'lines' && (found === '\n' || found === '\t')
      ? found
      : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

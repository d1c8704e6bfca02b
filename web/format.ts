/** Numbers as people read them. */

export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** 1 channel, 96 channels. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 243.9 MB, in decimal units. */
export function bytes(value: number): string {
  return withPrefix(value, [' B', ' kB', ' MB', ' GB']);
}

/** 12.3 M */
export function large(value: number): string {
  return withPrefix(value, ['', ' k', ' M', ' G']);
}

function withPrefix(value: number, prefixes: readonly string[]): string {
  let prefix = 0;
  let amount = value;
  while (amount >= 999.5 && prefix < prefixes.length - 1) {
    amount /= 1000;
    prefix++;
  }
  const digits = amount >= 99.95 || Number.isInteger(amount) ? 0 : 1;
  return amount.toFixed(digits) + prefixes[prefix];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The digits that count, with a true minus. */
export function number(value: number, digits = 4): string {
  if (Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  let text = value.toPrecision(digits);
  if (value === 0) text = '0';
  else if (size < 1e-3 || size >= 1e6) text = value.toExponential(2);
  else if (size >= 1000) text = value.toFixed(1);
  return text.replaceAll('-', '−');
}

/** For cells of a grid: what fits in five characters. */
export function short(value: number): string {
  if (Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  let text = value.toFixed(2);
  if (value === 0) text = '0';
  else if (size >= 100) text = value.toFixed(0);
  else if (size >= 10) text = value.toFixed(1);
  else if (size < 0.005) text = value.toExponential(0);
  return text.replaceAll('-', '−');
}

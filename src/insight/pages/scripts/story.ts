/**
 * The script of the story page, written into it as it is compiled: it may import nothing.
 * A click on a map of a convolution opens how one of its numbers comes about; arrow keys go to its
 * neighbours.
 */
interface Step {
  readonly name: string;
  /** What the convolution reads, `[channels, height, width]`, f32 in base64. */
  readonly input: string;
  readonly shape: readonly [number, number, number];
  readonly from: string;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: { readonly top: number; readonly left: number };
  readonly groups: number;
  readonly kernels: number;
  readonly size: readonly [number, number];
  readonly maps: Readonly<
    Record<string, { readonly bias: number; readonly weights: string; readonly values: string }>
  >;
  readonly relu: boolean;
  readonly channelNames: readonly string[];
}

interface Part {
  readonly channel: number;
  readonly sum: number;
  readonly patch: readonly (number | undefined)[];
  readonly weights: readonly number[];
}

const steps = JSON.parse(document.getElementById('data')!.textContent) as Readonly<
  Record<string, Step>
>;
const decoded = new Map<string, Float32Array>();

function numbers(base64: string): Float32Array {
  let found = decoded.get(base64);
  if (found === undefined) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    found = new Float32Array(bytes.buffer);
    decoded.set(base64, found);
  }
  return found;
}

/** For every input channel of the kernel: what it saw, and what that adds. */
function partsOf(step: Step, channel: number, y: number, x: number): Part[] {
  const input = numbers(step.input);
  const weights = numbers(step.maps[channel]!.weights);
  const [channels, height, width] = step.shape;
  const [kh, kw] = step.kernel;
  const perGroup = channels / step.groups;
  const first = Math.floor((channel * step.groups) / step.kernels) * perGroup;
  return Array.from({ length: perGroup }, (_, i) => {
    const patch: (number | undefined)[] = [];
    const own: number[] = [];
    let sum = 0;
    for (let u = 0; u < kh; u++) {
      for (let v = 0; v < kw; v++) {
        const row = y * step.stride[0] - step.padding.top + u;
        const column = x * step.stride[1] - step.padding.left + v;
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        const value = inside ? input[((first + i) * height + row) * width + column]! : undefined;
        const weight = weights[(i * kh + u) * kw + v]!;
        patch.push(value);
        own.push(weight);
        sum += (value ?? 0) * weight;
      }
    }
    return { channel: first + i, sum, patch, weights: own };
  });
}

function text(value: number): string {
  const size = Math.abs(value);
  const digits = decimals(size);
  const plain = digits === undefined ? value.toExponential(0) : value.toFixed(digits);
  return plain.replaceAll('-', '−');
}

/** How many places after the point tell enough, or undefined where none would. */
function decimals(size: number): number | undefined {
  if (size >= 100) return 0;
  if (size >= 10) return 1;
  if (size >= 0.01 || size === 0) return 2;
  return size >= 0.0005 ? 3 : undefined;
}

function fromTo(start: number, length: number): string {
  return `${start} to ${start + length - 1}`.replace('-', '−');
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  content: string | readonly Node[] = [],
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (typeof content === 'string') made.textContent = content;
  else made.append(...content);
  return made;
}

/**
 * Numbers as a coloured table: blue below zero, red above, stronger for larger. Padding is a dot.
 */
function grid(
  caption: string,
  values: readonly (number | undefined)[],
  columns: number,
): HTMLTableElement {
  const largest = Math.max(1e-12, ...values.map((value) => Math.abs(value ?? 0)));
  const rows: HTMLTableRowElement[] = [];
  for (let from = 0; from < values.length; from += columns) {
    const cells = values.slice(from, from + columns).map((value) => {
      const cell = element('td', value === undefined ? '·' : text(value));
      if (value !== undefined)
        cell.style.background =
          `color-mix(in oklab, ${value < 0 ? '#2b62c9' : '#c8382d'} ` +
          `${Math.round((70 * Math.abs(value)) / largest)}%, transparent)`;
      return cell;
    });
    rows.push(element('tr', cells));
  }
  return element('table', [element('caption', caption), element('tbody', rows)], { class: 'grid' });
}

/** A number of a map, and what it is made of. */
interface Chosen {
  readonly step: Step;
  readonly channel: number;
  readonly y: number;
  readonly x: number;
  /** Strongest first. */
  readonly parts: readonly Part[];
  /** The one whose patch is shown. */
  readonly part: Part;
}

function show(
  step: Step,
  channel: number,
  y: number,
  x: number,
  channelShown: number | undefined,
  target: HTMLElement,
): void {
  const parts = partsOf(step, channel, y, x).sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const part = parts.find((candidate) => candidate.channel === channelShown) ?? parts[0]!;
  const chosen: Chosen = { step, channel, y, x, parts, part };
  const select = partSelect(chosen);
  select.addEventListener('change', () => {
    show(step, channel, y, x, Number(select.value), target);
    target.querySelector('select')!.focus();
  });
  // This paragraph stays in the page while all else is made anew: only then is its change read
  // aloud.
  document.getElementById(`said-${step.name}`)!.textContent = networkSentence(chosen);
  const view = mapCanvas(step, channel, y, x, (ny, nx) => {
    show(step, channel, ny, nx, part.channel, target);
    target.querySelector('canvas')!.focus();
  });
  target.replaceChildren(
    element('h4', `How one number of ${step.name}, map ${channel}, is computed`),
    view,
    element('p', placeSentence(chosen)),
    element('p', [
      element('label', 'Input channel, strongest first: ', { for: `part-${step.name}` }),
      select,
    ]),
    gridsOf(chosen),
    element('p', sumSentence(chosen), { class: 'sum' }),
  );
}

function nameOf(step: Step, channel: number): string {
  return step.channelNames[channel] ?? `map ${channel}`;
}

/** The input channels to choose from. */
function partSelect({ step, parts, part }: Chosen): HTMLSelectElement {
  const options = parts.slice(0, 48).map((candidate) => {
    const words = `${nameOf(step, candidate.channel)}: ${text(candidate.sum)}`;
    const option = element('option', words, { value: String(candidate.channel) });
    option.selected = candidate === part;
    return option;
  });
  return element('select', options, { id: `part-${step.name}` });
}

/** The bias and what the strongest input channels add to it. */
function sumSentence({ step, channel, parts }: Chosen): string {
  const { bias } = step.maps[channel]!;
  const added = (some: readonly Part[], from: number): number =>
    some.reduce((so, { sum }) => so + sum, from);
  const terms = [
    `${text(bias)} bias`,
    ...parts.slice(0, 8).map((part) => `${text(part.sum)} ${nameOf(step, part.channel)}`),
    ...(parts.length > 8
      ? [`${text(added(parts.slice(8), 0))} from the other ${parts.length - 8}`]
      : []),
  ];
  return `${terms.join('  +  ')}  =  ${text(added(parts, bias))}`;
}

function placeSentence({ step, channel, y, x, part }: Chosen): string {
  const [top, left] = [step.padding.top, step.padding.left];
  const rows = fromTo(y * step.stride[0] - top, step.kernel[0]);
  const columns = fromTo(x * step.stride[1] - left, step.kernel[1]);
  const padding = part.patch.includes(undefined)
    ? ' What lies outside is padding: zeros, shown as dots.'
    : '';
  return (
    `Row ${y}, column ${x} of map ${channel}: the kernel lies over rows ${rows} ` +
    `and columns ${columns} of ${step.from}.${padding} Arrow keys on the map move it.`
  );
}

function networkSentence({ step, channel, y, x }: Chosen): string {
  const value = numbers(step.maps[channel]!.values)[y * step.size[1] + x]!;
  const relu = step.relu
    ? `; after its ReLU, max(0, ${text(value)}) = ${text(Math.max(0, value))}`
    : '';
  return (
    `Row ${y}, column ${x} of map ${channel}: the network has ` +
    `${value.toPrecision(5).replace('-', '−')} here${relu}.`
  );
}

/** What the kernel sees, its weights, and the products. */
function gridsOf({ step, part }: Chosen): HTMLDivElement {
  const columns = step.kernel[1];
  const products = part.patch.map((value, i) =>
    value === undefined ? undefined : value * part.weights[i]!,
  );
  return element(
    'div',
    [
      grid(`what it sees in ${nameOf(step, part.channel)}`, part.patch, columns),
      element('span', '×', { 'aria-hidden': 'true' }),
      grid('its weights', part.weights, columns),
      element('span', '=', { 'aria-hidden': 'true' }),
      grid(`products; their sum is ${text(part.sum)}`, products, columns),
    ],
    { class: 'grids' },
  );
}

/** The map, large, with the place marked; pointer and arrow keys move the place. */
function mapCanvas(
  step: Step,
  channel: number,
  y: number,
  x: number,
  move: (y: number, x: number) => void,
): HTMLCanvasElement {
  const [height, width] = step.size;
  const cell = Math.max(4, Math.floor(286 / Math.max(height, width)));
  const values = numbers(step.maps[channel]!.values);
  const largest = Math.max(...values, 1e-12);
  const canvas = element('canvas', [], {
    tabindex: '0',
    role: 'application',
    'aria-label': `Map ${channel} of ${step.name}, row ${y}, column ${x}. Arrow keys move.`,
  });
  canvas.width = width * cell;
  canvas.height = height * cell;
  const context = canvas.getContext('2d')!;
  values.forEach((value, i) => {
    context.fillStyle = `oklch(${0.15 + 0.8 * Math.max(0, value / largest)} 0.03 90)`;
    context.fillRect((i % width) * cell, Math.floor(i / width) * cell, cell, cell);
  });
  context.strokeStyle = '#e5007a';
  context.lineWidth = 3;
  context.strokeRect(x * cell - 1, y * cell - 1, cell + 2, cell + 2);
  const inside = (place: number, length: number): number =>
    Math.min(length - 1, Math.max(0, place));
  canvas.addEventListener('click', (event) =>
    move(
      inside(Math.floor(event.offsetY / cell), height),
      inside(Math.floor(event.offsetX / cell), width),
    ),
  );
  canvas.addEventListener('keydown', (event) => {
    const by = (
      { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Readonly<
        Record<string, readonly [number, number]>
      >
    )[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(inside(y + by[0], height), inside(x + by[1], width));
  });
  return canvas;
}

for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-layer]')) {
  button.addEventListener('click', () => {
    const step = steps[button.dataset['layer']!]!;
    const channel = Number(button.dataset['channel']);
    const target = document.getElementById(`how-${step.name}`)!;
    for (const other of document.querySelectorAll(`button[data-layer="${step.name}"]`))
      other.setAttribute('aria-pressed', String(other === button));
    const values = numbers(step.maps[channel]!.values);
    const largest = values.indexOf(Math.max(...values));
    show(
      step,
      channel,
      Math.floor(largest / step.size[1]),
      largest % step.size[1],
      undefined,
      target,
    );
    target.querySelector('canvas')!.focus({ preventScroll: true });
    target.scrollIntoView({
      block: 'nearest',
      behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth',
    });
  });
}

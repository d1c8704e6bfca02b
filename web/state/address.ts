import { signal } from '@preact/signals';

export const views = ['overview', 'layer', 'unit', 'why', 'lesson', 'compare'] as const;
export type View = (typeof views)[number];

/**
 * The state of the app, all of it: what stands in the address. With a built-in model and picture
 * it means the same to whoever gets it.
 */
export interface Address {
  readonly view: View;
  readonly model: string;
  readonly picture: string;
  readonly layer?: string;
  /** A channel of the layer. */
  readonly unit?: number;
  /** Row and column of the channel's map. */
  readonly place?: readonly [number, number];
  /** The class that is asked about; without it the network's answer. */
  readonly class?: number;
  /** The model that is compared. */
  readonly with?: string;
  /** The lesson's section. */
  readonly section?: string;
  readonly order?: 'number';
  readonly engine?: string;
}

export const defaults = { view: 'overview', model: 'paper', picture: 'sunflower' } as const;

/** `#/unit?model=paper&picture=car&layer=conv2&unit=7&place=3,4` */
export function parseAddress(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const found = new URLSearchParams(query);
  const text = (name: string): string | undefined => found.get(name) ?? undefined;
  const whole = (name: string): number | undefined => {
    const value = found.get(name);
    return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
  };
  const place = /^(\d+),(\d+)$/.exec(found.get('place') ?? '');
  return withoutUndefined({
    view: views.find((view) => view === path) ?? defaults.view,
    model: text('model') ?? defaults.model,
    picture: text('picture') ?? defaults.picture,
    layer: text('layer'),
    unit: whole('unit'),
    place: place === null ? undefined : ([Number(place[1]), Number(place[2])] as const),
    class: whole('class'),
    with: text('with'),
    section: text('section'),
    order: found.get('order') === 'number' ? ('number' as const) : undefined,
    engine: text('engine'),
  });
}

/** The parts in one order, so that the same state has one address. */
const parts = [
  'model',
  'picture',
  'layer',
  'unit',
  'place',
  'class',
  'with',
  'section',
  'order',
  'engine',
] as const;

export function formatAddress(address: Address): string {
  const said = parts.flatMap((part) => {
    const value = address[part];
    return value === undefined ? [] : [`${part}=${encoded(String(value))}`];
  });
  return `#/${address.view}?${said.join('&')}`;
}

/** Slashes and commas are allowed in a fragment, and read better. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%2C', ',');
}

/** A change: what is undefined is taken out. */
export type Change = { readonly [K in keyof Address]?: Address[K] | undefined };

export function changed(address: Address, change: Change): Address {
  return withoutUndefined({ ...address, ...change }) as Address;
}

type Whole<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(values: T): Whole<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Whole<T>;
}

/** Where one is. */
export const address = signal<Address>(parseAddress(location.hash));

globalThis.addEventListener('hashchange', () => {
  address.value = parseAddress(location.hash);
});

/** The address with a change, for a link. */
export function linkTo(change: Change): string {
  return formatAddress(changed(address.value, change));
}

/** Goes there; with `replace` the step back leads to before it. */
export function go(change: Change, replace = false): void {
  const hash = linkTo(change);
  if (hash === location.hash) return;
  if (replace) history.replaceState(null, '', hash);
  else history.pushState(null, '', hash);
  address.value = parseAddress(hash);
}

globalThis.addEventListener('popstate', () => {
  address.value = parseAddress(location.hash);
});

import type { Augmentation, Crop } from '../data/augmentation.ts';

/** What one part of an augmentation does. */
export interface Stage {
  readonly part: 'crop' | 'mirror' | 'jitter' | 'noise' | 'erase';
  /** What it does, in numbers. */
  readonly words: string;
  /** It, and all before it: what chance decides for one does not change with the others. */
  readonly augmentation: Augmentation;
}

/** The parts that an augmentation has, each on top of those before; the last is all of it. */
export function stagesOf(augmentation: Augmentation): Stage[] {
  const { crop, mirror = 0, chunk, pca, jitter, grey, erase } = augmentation;
  const parts: (Omit<Stage, 'augmentation'> & { readonly more: Partial<Augmentation> })[] = [
    { part: 'crop', words: cropWords(augmentation), more: {} },
  ];
  if (mirror > 0)
    parts.push({ part: 'mirror', words: mirrorWords(augmentation), more: { mirror } });
  if (jitter !== undefined || (grey ?? 0) > 0)
    parts.push({
      part: 'jitter',
      words: jitterWords(augmentation),
      more: { ...(jitter && { jitter }), ...(grey !== undefined && { grey }) },
    });
  if (pca !== undefined)
    parts.push({ part: 'noise', words: noiseWords(augmentation), more: { pca } });
  if (erase !== undefined)
    parts.push({ part: 'erase', words: eraseWords(augmentation), more: { erase } });
  let whole: Augmentation = { crop, ...(chunk !== undefined && { chunk }) };
  return parts.map(({ more, ...stage }) => {
    whole = { ...whole, ...more };
    return { ...stage, augmentation: whole };
  });
}

/** Of a part that an augmentation does not have. */
export const nothing = 'no';

export function cropWords({ crop }: Augmentation): string {
  switch (crop.from) {
    case 'centre':
      return 'always the middle';
    case 'square':
      return 'anywhere in the central square';
    case 'picture':
      return 'anywhere in the picture';
    case 'resized':
      return `from ${rectangleWords(crop)}`;
    case 'original':
      return `before it is resized, from ${rectangleWords(crop)}`;
  }
}

function rectangleWords({ area, aspect }: Extract<Crop, { readonly area: unknown }>): string {
  return (
    `${shares(area)} of the picture, ${decimal(aspect[0])} to ${decimal(aspect[1])} as wide as ` +
    'high, resampled'
  );
}

export function mirrorWords({ mirror = 0, chunk }: Augmentation): string {
  if (mirror === 0) return nothing;
  const together = chunk === undefined ? '' : `; crop and mirror shared by ${chunk} in a row`;
  return `${whole(mirror)} % of the time${together}`;
}

export function jitterWords({ jitter = {}, grey = 0 }: Augmentation): string {
  const words = (['brightness', 'contrast', 'saturation'] as const).flatMap((name) => {
    const strength = jitter[name];
    return strength ? [`${name} ×${decimal(1 - strength)} to ${decimal(1 + strength)}`] : [];
  });
  if (grey > 0) words.push(`grey ${whole(grey)} % of the time`);
  return words.length === 0 ? nothing : words.join(', ');
}

export function noiseWords({ pca }: Augmentation): string {
  if (pca === undefined) return nothing;
  const sizes = pca.scale === 'deviation' ? '√λ (the authors’ code)' : 'λ (the paper’s text)';
  const until = pca.until === undefined ? '' : `, up to epoch ${pca.until}`;
  return `colours moved by α from N(0, ${pca.deviation}) times ${sizes}${until}`;
}

export function eraseWords({ erase }: Augmentation): string {
  if (erase === undefined) return nothing;
  return `${shares(erase.area)} of the crop, ${whole(erase.chance)} % of the time`;
}

function shares([low, high]: readonly [number, number]): string {
  return `${whole(low)} to ${whole(high)} %`;
}

function whole(share: number): string {
  return (100 * share).toFixed(0);
}

function decimal(value: number): string {
  return String(Number(value.toFixed(2)));
}

import type { Dataset } from '../../data/dataset.ts';
import { ensure } from '../../errors.ts';
import { loadPicture } from '../../images/preprocess.ts';
import type { Picture } from '../../images/picture.ts';
import { escape } from '../../html.ts';
import { principalComponents } from '../pca.ts';
import { tiled } from '../draw.ts';
import { umapInThread } from './umap-thread.ts';
import { inParts } from '../work.ts';
import type { Work } from '../work.ts';
import { abouts } from '../pages/about.ts';
import { dataUrl } from './encode.ts';
import { featuresOf } from './features.ts';
import type { Features } from './features.ts';
import { aboutHtml, page, tableHtml } from './html.ts';
import type { Opened } from './open.ts';
import { share } from '../pages/report.ts';
import { scriptHtml } from './script.ts';

export interface MapOptions extends Work {
  readonly layer: string;
  readonly index: string;
  readonly umap: boolean;
  readonly seed: number;
}

export interface MapAnswer {
  readonly layer: string;
  /** Of the two components that are drawn. */
  readonly shares: readonly number[];
  readonly points: readonly {
    readonly file: string;
    readonly label: string;
    readonly pca: readonly number[];
    readonly umap?: readonly number[];
  }[];
}

export interface PhotographMap {
  readonly answer: MapAnswer;
  readonly features: Features;
  readonly remarks: readonly string[];
}

/** Where the photographs of a folder lie, seen by the network. */
export async function photographMap(
  opened: Opened,
  folder: string,
  { layer, index, umap: withUmap, seed, ...work }: MapOptions,
): Promise<PhotographMap> {
  const features = await featuresOf(opened, folder, layer, index, work);
  const { values, dimensions, dataset, remarks } = features;
  const count = dataset.samples.length;
  ensure(count >= 3, () => `A map needs at least 3 photographs, but ${folder} has ${count}.`);
  const components = Math.min(50, dimensions, count - 1);
  const { scores, shares } = await principalComponents(values, dimensions, components, {
    seed,
    ...work,
  });
  const layout =
    withUmap && count >= 5 ? await umapInThread(scores, components, { seed, ...work }) : undefined;
  const points = dataset.samples.map(({ name, label }, n) => ({
    file: name,
    label: dataset.classes[label]!,
    pca: [scores[n * components]!, scores[n * components + 1]!],
    ...(layout && { umap: [layout[2 * n]!, layout[2 * n + 1]!] }),
  }));
  return {
    answer: { layer, shares: Array.from(shares.subarray(0, 2)), points },
    features,
    remarks,
  };
}

/** One page with all photographs, small. */
export async function mapHtml(
  { name, model, maximumPixels }: Opened,
  { answer, features: { dataset } }: PhotographMap,
  work: Work = {},
): Promise<string> {
  const { points, shares, layer } = answer;
  const side = thumbnailSide(points.length);
  const columns = Math.ceil(Math.sqrt(points.length));
  const thumbnails = await thumbnailsOf(dataset, side, work, maximumPixels);
  const withUmap = points[0]!.umap !== undefined;
  const data = {
    points: dataset.samples.map((sample) => ({ name: sample.name, label: sample.label })),
    classes: dataset.classes,
    layouts: {
      pca: points.flatMap(({ pca }) => pca.map(rounded)),
      ...(withUmap && { umap: points.flatMap((point) => point.umap!.map(rounded)) }),
    },
    sprite: { columns, side },
  };
  const all = model.labels.length === dataset.classes.length ? '' : `${dataset.classes.length}`;
  const table = {
    columns: ['photograph', 'class', 'component 1', 'component 2'],
    rows: points.map(({ file, label, pca }) => [
      file,
      label,
      pca[0]!.toFixed(2),
      pca[1]!.toFixed(2),
    ]),
  };
  const body = `<header>
<h1>Map of ${points.length} photographs</h1>
<p>${escape(name)}, ${escape(layer)}: near each other is what the network takes for alike</p>
</header>
<section>
${controlsHtml(shares, withUmap, dataset.classes, all)}
<div class="beside">
${canvasHtml}
<div class="chosen">
<canvas id="chosen-picture" width="160" height="160" aria-hidden="true"></canvas>
<p id="chosen-name" aria-live="polite">Point at a photograph, or go with the arrow keys.</p>
</div>
</div>
<img id="sprite" hidden alt="" src="${await dataUrl(tiled(thumbnails, columns, 0), false)}">
${legendHtml(dataset)}
<details><summary>All photographs as a table</summary>${tableHtml(table)}</details>
</section>
<style>${mapStyle}</style>
${aboutHtml([abouts.pca, ...(withUmap ? [abouts.umap] : [])])}`;
  return page(`Map of ${points.length} photographs`, body, await scriptHtml('map', data));
}

/** The more photographs, the smaller each, so that the page can still be sent by mail. */
function thumbnailSide(photographs: number): number {
  if (photographs <= 500) return 64;
  return photographs <= 2000 ? 40 : 28;
}

async function thumbnailsOf(
  dataset: Dataset,
  side: number,
  work: Work,
  maximumPixels: number | undefined,
): Promise<Picture[]> {
  const reading = {
    resize: { how: 'shorterSide', size: side },
    ...(maximumPixels !== undefined && { maximumPixels }),
  } as const;
  const thumbnails: Picture[] = [];
  await inParts(dataset.samples.length, 8, work, async (first, count) => {
    const samples = dataset.samples.slice(first, first + count);
    const loaded = samples.map(async ({ source }) =>
      squareOf(await loadPicture(source.path, reading), side),
    );
    thumbnails.push(...(await Promise.all(loaded)));
  });
  return thumbnails;
}

/** @param all what stands behind "all" in the choice of classes */
function controlsHtml(
  shares: readonly number[],
  withUmap: boolean,
  classes: readonly string[],
  all: string,
): string {
  const pca = `PCA (${share(shares[0]!)} and ${share(shares[1]!)} of all variance)`;
  const layouts = [
    `<label><input type="radio" name="layout" value="pca" checked> ${pca}</label>`,
    ...(withUmap ? ['<label><input type="radio" name="layout" value="umap"> UMAP</label>'] : []),
  ];
  const options = classes.map((label, i) => `<option value="${i}">${escape(label)}</option>`);
  return `<fieldset class="controls">
<legend>Show</legend>
${layouts.join('\n')}
<label><input type="checkbox" id="thumbnails" checked> photographs</label>
<label>class <select id="class">
<option value="">all ${all}</option>
${options.join('\n')}
</select></label>
</fieldset>`;
}

/** More classes than this have colours that only the pointer can tell apart. */
const distinctColours = 16;

/** What the colours stand for: those of `scripts/map.ts`. */
function legendHtml({ classes, samples }: Dataset): string {
  const counts = classes.map((_, i) => samples.filter(({ label }) => label === i).length);
  const items = classes.map((label, i) => {
    const hue = Math.round((i * 360) / classes.length);
    return (
      `<li><i style="background:oklch(0.62 0.16 ${hue})"></i>${escape(label)} ` +
      `(${counts[i]})</li>`
    );
  });
  const list = `<ul class="legend" aria-label="Colours of the classes">${items.join('\n')}</ul>`;
  if (classes.length <= distinctColours) return list;
  return `<details><summary>Colours of the ${classes.length} classes (many are alike: choose a
class above to see it alone)</summary>${list}</details>`;
}

const canvasHtml =
  '<canvas width="1100" height="820" tabindex="0" role="application" ' +
  'aria-label="Map of photographs. Arrow keys go to the next photograph in that direction.">' +
  '</canvas>';

const mapStyle = `
.controls {
  border: 1px solid var(--line); border-radius: .4rem; margin: 1rem 0;
  display: flex; flex-wrap: wrap; gap: 1rem
}
section > .beside > canvas {
  width: 100%; min-width: 0; flex: 1; border: 1px solid var(--line); touch-action: none
}
.legend {
  list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1rem; font-size: .9rem
}
.legend i { display: inline-block; width: .9rem; height: .9rem; margin-right: .4rem }
.chosen { width: 11rem; flex: none; overflow-wrap: anywhere }
`;

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

function squareOf({ width, height, data }: Picture, side: number): Picture {
  const out = new Uint8Array(side * side * 3);
  const from = ((height - side) >> 1) * width + ((width - side) >> 1);
  for (let y = 0; y < side; y++)
    out.set(data.subarray((from + y * width) * 3, (from + y * width + side) * 3), y * side * 3);
  return { width: side, height: side, data: out };
}

/**
 * The two files that the Embedding Projector (projector.tensorflow.org) loads: vectors, and what
 * each stands for.
 */
export function projectorFiles({ dataset, values, dimensions }: Features): {
  vectors: string;
  metadata: string;
} {
  const rows = dataset.samples.map((_, n) =>
    Array.from(values.subarray(n * dimensions, (n + 1) * dimensions), (value) =>
      Number(value.toPrecision(6)),
    ).join('\t'),
  );
  const plain = (text: string): string => text.replace(/[\t\r\n]/g, ' ');
  const told = dataset.samples.map(
    ({ name, label }) => `${plain(dataset.classes[label]!)}\t${plain(name)}`,
  );
  return { vectors: `${rows.join('\n')}\n`, metadata: `class\tfile\n${told.join('\n')}\n` };
}

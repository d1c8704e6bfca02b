import { escape, htmlPage } from '../../html.ts';
import type { Picture } from '../../images/picture.ts';
import type { About } from '../methods.ts';
import { dataUrl } from './encode.ts';
import { digits } from '../pages/report.ts';
import type { Panel, Report, Scale, Section, Table } from '../pages/report.ts';

/**
 * One file that needs no network: pictures inside, text that a screen reader reads, tables with
 * headings.
 */
export async function reportHtml({ title, subtitle, sections, about }: Report): Promise<string> {
  const body = await Promise.all(sections.map(sectionHtml));
  return page(
    title,
    `<header><h1>${escape(title)}</h1><p>${escape(subtitle)}</p></header>
${body.join('\n')}
${aboutHtml(about)}`,
  );
}

/** The frame of every page. @param scripts data and a script after the body. */
export function page(title: string, body: string, scripts?: string): string {
  return htmlPage({ title, style, body, ...(scripts !== undefined && { scripts }) });
}

export function aboutHtml(about: readonly About[]): string {
  if (about.length === 0) return '';
  const each = about.map(
    ({ title, does, source, cannot }) =>
      `<h3>${escape(title)}</h3>
<dl>
  <dt>What it does</dt><dd>${escape(does)}</dd>
  <dt>Source</dt><dd>${escape(source)}</dd>
  <dt>What it cannot show</dt><dd>${escape(cannot)}</dd>
</dl>
`,
  );
  return `<section class="about"><h2>How to read this</h2>${each.join('')}</section>`;
}

async function sectionHtml({
  heading,
  text,
  panels = [],
  columns = 4,
  pairs,
  scale,
  table,
}: Section): Promise<string> {
  const figures = await Promise.all(panels.map(figureHtml));
  const parts = [
    heading === undefined ? '' : `<h2>${escape(heading)}</h2>`,
    text === undefined ? '' : `<p>${escape(text)}</p>`,
    figures.length === 0 ? '' : besideScale(figures, columns, scale, pairs),
    table === undefined ? '' : tableHtml(table),
  ];
  return `<section>${parts.join('')}</section>`;
}

/** Figures in columns, and the scale of their colours at the side. */
export function besideScale(
  figures: readonly string[],
  columns: number,
  scale?: Scale,
  pairs?: boolean,
): string {
  return `<div class="beside">
${panelsHtml(figures, columns, pairs)}
${scale === undefined ? '' : scaleHtml(scale)}
</div>`;
}

/** From so many columns on, what is shown is small: more of it stands in a row of a phone. */
const many = 12;

export function panelsHtml(figures: readonly string[], columns: number, pairs = false): string {
  const classes = ['panels', ...(pairs ? ['pairs'] : []), ...(columns >= many ? ['many'] : [])];
  return `<div class="${classes.join(' ')}" style="--columns:${columns}">
${figures.join('\n')}
</div>`;
}

async function figureHtml({ picture, caption, alt, cells = false }: Panel): Promise<string> {
  const lines = caption
    .map((line, i) => (i === 0 ? `<strong>${escape(line)}</strong>` : escape(line)))
    .join('<br>');
  return `<figure>
${await imageHtml(picture, alt, cells)}
<figcaption>${lines}</figcaption>
</figure>`;
}

/** @param cells whether its pixels stay squares when it is enlarged */
export async function imageHtml(
  picture: Picture,
  alt: string,
  cells: boolean,
  { width, height }: { readonly width: number; readonly height: number } = picture,
): Promise<string> {
  const attributes = [
    ...(cells ? ['class="cells"'] : []),
    `src="${await dataUrl(picture, cells)}"`,
    `width="${width}" height="${height}"`,
    `alt="${escape(alt)}"`,
  ];
  return `<img ${attributes.join(' ')}>`;
}

/** A bar of the colours with its ends and middle; read aloud as a sentence. */
export function scaleHtml({ colours, range, unit }: Scale): string {
  const stops = Array.from(
    { length: 18 },
    (_, i) => `rgb(${colours.subarray(45 * i, 45 * i + 3).join(' ')})`,
  );
  const label = `Colour scale: ${unit}, from ${digits(range.low)} to ${digits(range.high)}`;
  return `<div class="scale" role="img" aria-label="${escape(label)}">
<span>${digits(range.high)}</span>
<i style="background:linear-gradient(to top,${stops.join(',')});
--across:linear-gradient(to right,${stops.join(',')})"></i>
<span>${digits(range.low)}</span>
<small>${escape(unit)}</small>
</div>`;
}

export function tableHtml({ columns, rows }: Table): string {
  const head = columns.map((column) => `<th scope="col">${escape(column)}</th>`).join('');
  const body = rows.map(([first = '', ...cells]) => {
    const others = cells.map((cell) => `<td>${escape(cell)}</td>`);
    return `<tr><th scope="row">${escape(first)}</th>${others.join('')}</tr>`;
  });
  return `<div class="wide"><table>
<thead><tr>${head}</tr></thead>
<tbody>${body.join('\n')}</tbody>
</table></div>`;
}

const style = `
:root {
  color-scheme: light dark;
  --ink: #1a1a1f; --paper: #fff; --soft: #5a5a66; --line: #d5d5de; --accent: #0b57d0
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf1; --paper: #16161a; --soft: #b0b0bd; --line: #3c3c46; --accent: #8ab4f8 }
}
* { box-sizing: border-box }
[hidden] { display: none !important }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif
}
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem; overflow-wrap: anywhere }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .3rem }
h2 {
  font-size: 1.3rem; margin: 2.2rem 0 .4rem;
  border-top: 1px solid var(--line); padding-top: 1rem
}
h3 { font-size: 1.05rem; margin: 1rem 0 .2rem }
p { margin: .3rem 0 .8rem; max-width: 60rem }
header p { color: var(--soft) }
.beside { display: flex; gap: 1.5rem; align-items: flex-start }
.beside > .panels { min-width: 0 }
.panels {
  display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr));
  gap: 1rem; flex: 1
}
@media (max-width: 45rem) {
  main { padding: 1rem }
  .panels { grid-template-columns: repeat(auto-fill, minmax(min(6rem, 100%), 1fr)) }
  .panels.many { grid-template-columns: repeat(auto-fill, minmax(4rem, 1fr)) }
  .panels.pairs { grid-template-columns: repeat(2, minmax(0, 1fr)) }
  .beside { flex-direction: column }
  .beside > * { width: 100% }
}
figure { margin: 0 }
img { width: 100%; height: auto; display: block }
figure > img:not(.cells) { outline: 1px solid var(--line) }
img.cells { image-rendering: pixelated }
figcaption { font-size: .85rem; line-height: 1.35; color: var(--soft); margin-top: .3rem }
figcaption strong { color: var(--ink); font-weight: 600 }
.scale {
  width: 7rem; font-size: .85rem; text-align: left;
  display: flex; flex-direction: column; gap: .2rem; flex: none
}
.scale i { display: block; width: 1.6rem; height: 14rem; border: 1px solid var(--line) }
.scale small { color: var(--soft) }
@media (max-width: 45rem) {
  .scale { width: 100%; flex-flow: row wrap; align-items: center; gap: .5rem }
  .scale i { width: 8rem; height: 1.2rem; background: var(--across) !important; order: 1 }
  .scale span:first-child { order: 2 }
  .scale small { order: 3 }
}
.wide { overflow-x: auto; overflow-wrap: normal }
table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0 }
th, td {
  text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; vertical-align: top
}
tbody th { font-weight: 500 }
.about dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem }
.about dt { color: var(--soft) }
.about dd { margin: 0 }
@media (max-width: 45rem) { .about dl { grid-template-columns: 1fr } }
button:focus-visible, a:focus-visible, [tabindex]:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px
}
`;

import { escape, htmlPage } from '../../html.ts';
import { explanation } from '../explanation.ts';
import { windowStrip } from '../figures/strip.ts';
import type {
  Arithmetic,
  Block,
  Card,
  Claim,
  Exercise,
  Figure,
  Gallery,
  Grid,
  Lesson,
  Pixels,
  Play,
  Section,
  Table,
  Try,
} from '../lesson.ts';
import { el, inline } from './element.ts';
import { placeOf, sentence } from './evidence.ts';
import { play } from './play.ts';
import { style } from './style.ts';

/** The explanation of AlexNet as one HTML file that asks for nothing else. */
export async function explanationPage(): Promise<string> {
  return lessonPage(explanation());
}

/** A lesson as one HTML file that asks for nothing else. */
export function lessonPage({ title, lead, sections }: Lesson): string {
  const body = [
    el('a', { class: 'skip', href: `#${sections[0]!.id}` }, 'To the text'),
    el('header', {}, el('h1', {}, escape(title)), ...lead.map(paragraph)),
    contents(sections),
    ...sections.map(sectionHtml),
  ];
  const plays = sections.some(({ blocks }) => blocks.some(({ kind }) => kind === 'play'));
  const script = `(${play.toString()})(${windowStrip.toString()});`;
  return htmlPage({
    title,
    style,
    body: body.join('\n'),
    ...(plays && { scripts: `<script type="module">${script}</script>\n` }),
  });
}

function paragraph(text: string): string {
  return el('p', {}, inline(text));
}

function contents(sections: readonly Section[]): string {
  const items = sections.map(({ id, title }) =>
    el('li', {}, el('a', { href: `#${id}` }, escape(title))),
  );
  return el(
    'nav',
    { class: 'toc', 'aria-label': 'Contents' },
    el('strong', {}, 'Contents'),
    el('ol', {}, ...items),
  );
}

function sectionHtml({ id, title, blocks }: Section): string {
  const heading = el('h2', { id: `${id}-title` }, escape(title));
  const inside = [heading, ...blocks.map(blockHtml)].join('\n');
  return el('section', { id, 'aria-labelledby': `${id}-title` }, inside);
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'text':
      return paragraph(block.text);
    case 'heading':
      return el('h3', {}, escape(block.text));
    case 'list':
      return el('ul', {}, ...block.items.map((item) => el('li', {}, inline(item))));
    case 'formula': {
      const lines = block.lines.map((line) => el('code', {}, escape(line)));
      return el('div', { class: 'formula' }, ...lines);
    }
    case 'table':
      return tableHtml(block);
    case 'figure':
      return figureHtml(block);
    case 'gallery':
      return galleryHtml(block);
    case 'arithmetic':
      return arithmeticHtml(block);
    case 'cards':
      return el('div', { class: 'cards' }, ...block.cards.map(cardHtml));
    case 'claims':
      return block.claims.map(claimHtml).join('\n');
    case 'try':
      return triesHtml(block.tries);
    case 'exercise':
      return exerciseHtml(block);
    case 'play':
      return playHtml(block);
  }
}

/** On a phone a table of many columns of words becomes a list for each row. */
const maximumWords = 3;

function tableHtml({ caption, columns, rows }: Table): string {
  const kind = (column: number): string | undefined =>
    columns[column]?.numbers === true ? 'n' : undefined;
  const head = columns.map(({ title }, i) =>
    title === '' ? '<td></td>' : el('th', { scope: 'col', class: kind(i) }, escape(title)),
  );
  const cell = (text: string, i: number): string =>
    i === 0
      ? el('th', { scope: 'row' }, escape(text))
      : el('td', { class: kind(i), 'data-title': columns[i]!.title }, escape(text));
  const body = rows.map((row) => el('tr', {}, ...row.map(cell)));
  return el(
    'table',
    { class: columns.filter(({ numbers }) => numbers !== true).length > maximumWords && 'stack' },
    el('caption', {}, escape(caption)),
    el('thead', {}, el('tr', {}, ...head)),
    el('tbody', {}, ...body),
  );
}

function figureHtml({ id, caption, alt, drawing, size }: Figure): string {
  return el(
    'figure',
    { id, class: size },
    'url' in drawing ? imageHtml(drawing, alt) : svgHtml(drawing, alt),
    el('figcaption', {}, inline(caption)),
  );
}

function svgHtml({ width, height, content }: Exclude<Figure['drawing'], Pixels>, alt: string) {
  const attributes = {
    viewBox: `0 0 ${width} ${height}`,
    style: `max-width:${Math.round(width * 1.2)}px`,
    role: 'img',
    'aria-label': alt,
  };
  return el('svg', attributes, content);
}

function imageHtml({ url, width, height, cells }: Pixels, alt: string): string {
  return el('img', { src: url, width, height, alt, class: cells && 'cells' });
}

function galleryHtml({ id, caption, items }: Gallery): string {
  const shown = items.map(({ pictures, words }) => {
    const images = pictures.map((picture) => imageHtml(picture, picture.alt));
    return el('li', {}, el('div', {}, ...images), el('span', {}, inline(words)));
  });
  return el(
    'figure',
    { id, class: 'gallery' },
    el('ul', {}, ...shown),
    el('figcaption', {}, inline(caption)),
  );
}

function arithmeticHtml({ caption, parts }: Arithmetic): string {
  const shown = parts.map((part) =>
    typeof part === 'string' ? el('span', { class: 'sign' }, escape(part)) : gridHtml(part),
  );
  return el(
    'figure',
    { class: 'arithmetic' },
    el('div', {}, ...shown),
    el('figcaption', {}, inline(caption)),
  );
}

function gridHtml({ label, rows, marked = [] }: Grid): string {
  const isMarked = (row: number, column: number): boolean =>
    marked.some(([y, x]) => y === row && x === column);
  const lines = rows.map((row, y) => {
    const cells = row.map((cell, x) =>
      el('td', { class: isMarked(y, x) && 'marked' }, escape(cell)),
    );
    return el('tr', {}, ...cells);
  });
  return el('table', {}, el('caption', {}, escape(label)), el('tbody', {}, ...lines));
}

function cardHtml({ id, title, about, facts, shares }: Card): string {
  const rows = facts.map(
    ({ name, value }) => el('dt', {}, escape(name)) + el('dd', {}, escape(value)),
  );
  const bars = shares.map(({ name, share }) => {
    const percent = (100 * share).toFixed(1);
    const bar = el('i', { style: `--share:${percent}%` });
    const value = el('span', {}, `${percent} %`);
    return el('dt', {}, escape(name)) + el('dd', { class: 'share' }, bar, value);
  });
  return el(
    'article',
    { class: 'card', id },
    el('h3', {}, escape(title)),
    el('p', { class: 'about' }, escape(about)),
    el('dl', {}, ...rows, ...bars),
  );
}

function claimHtml({ claim, evidence, ours, tries = [] }: Claim): string {
  const rests = evidence.map((one) => {
    const place = el('span', { class: 'where' }, `${inline(placeOf(one))}:`);
    return el('dd', {}, place, ` ${inline(one.says)}`);
  });
  const trying = tries.map((one) => el('dd', { class: 'try' }, tryHtml(one)));
  const doing = ours === undefined ? [] : [el('dd', {}, inline(ours))];
  return el(
    'article',
    { class: 'claim' },
    el('p', {}, inline(claim)),
    el(
      'dl',
      {},
      ...named('evidence', rests),
      ...named('try it', trying),
      ...named('what we do', doing),
    ),
  );
}

function named(term: string, values: readonly string[]): readonly string[] {
  return values.length === 0 ? [] : [el('dt', {}, term), ...values];
}

function triesHtml(tries: readonly Try[]): string {
  const items = tries.map((one) => el('li', {}, tryHtml(one)));
  const heading = el('p', {}, el('strong', {}, 'Try it'));
  return el('div', { class: 'try' }, heading, el('ul', {}, ...items));
}

function tryHtml({ command, shows, slow }: Try): string {
  const words = escape(command).replaceAll(/(?<=^| )--[\w-]+/g, '<span class="whole">$&</span>');
  const took =
    slow === undefined
      ? ''
      : ` ${el('span', { class: 'where' }, `It takes a while. Here: ${inline(slow)}`)}`;
  return `${el('code', {}, `npx alexnet ${words}`)}<br>${inline(sentence(shows))}${took}`;
}

function exerciseHtml({ question, answer }: Exercise): string {
  return el(
    'div',
    { class: 'exercise' },
    el('p', {}, el('strong', {}, 'Exercise.'), ` ${inline(question)}`),
    el('details', {}, el('summary', {}, 'Answer'), ...answer.map(paragraph)),
  );
}

function playHtml({ text, presets, still }: Play): string {
  const [first] = presets;
  const field = (name: 'n' | 'k' | 'p' | 's', label: string, min: number): string => {
    const about = { type: 'number', name, min, max: 1024, step: 1, inputmode: 'numeric' };
    return el('label', {}, label, el('input', { ...about, value: first![name] }));
  };
  const buttons = presets.map(({ name, n, k, p, s }) => {
    const numbers = { 'data-n': n, 'data-k': k, 'data-p': p, 'data-s': s };
    return el('button', { type: 'button', ...numbers }, escape(name));
  });
  const form = el(
    'form',
    { id: 'play', hidden: true, 'aria-label': 'Your own window' },
    paragraph(text),
    el(
      'fieldset',
      {},
      el('legend', {}, 'Your own numbers'),
      field('n', 'n: cells', 1),
      field('k', 'k: window', 1),
      field('p', 'p: padding', 0),
      field('s', 's: stride', 1),
    ),
    el('p', {}, 'From the network: ', ...buttons),
    el('output', { 'aria-live': 'polite' }),
    el('svg', { viewBox: '0 0 400 92', 'aria-hidden': 'true' }),
  );
  return `${tableHtml(still)}\n${form}`;
}

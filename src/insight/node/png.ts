import { signPng } from '../../formats/signature.ts';
import { escape } from '../../html.ts';
import { loadSharp } from '../../images/node/sharp.ts';
import { enlargedTo } from '../draw.ts';
import type { About } from '../methods.ts';
import { dataUrl } from './encode.ts';
import { digits } from '../pages/report.ts';
import type { Panel, Report, Scale, Section, Table } from '../pages/report.ts';

const width = 1200;
const margin = 40;
const inner = width - 2 * margin;
const scaleWidth = 130;
const gap = 16;

/** A page that grows downwards: SVG, which sharp turns into pixels. */
class Sheet {
  readonly parts: string[] = [];
  y = margin;

  /** Words broken into lines that fit; `size` is the type's in pixels. */
  text(
    content: string,
    {
      size,
      x = margin,
      room = inner,
      bold = false,
      soft = false,
    }: { size: number; x?: number; room?: number; bold?: boolean; soft?: boolean },
  ): void {
    for (const line of broken(content, room / (size * (bold ? 1.1 : 1)))) {
      this.y += size * 1.35;
      this.parts.push(textSvg(line, { x, y: this.y, size, bold, soft }));
    }
  }
}

function textSvg(
  content: string,
  {
    x,
    y,
    size,
    bold = false,
    soft = false,
  }: { x: number; y: number; size: number; bold?: boolean; soft?: boolean },
): string {
  const weight = bold ? ' font-weight="bold"' : '';
  const place = `x="${x}" y="${y}" font-size="${size}"${weight}`;
  return `<text ${place} fill="${soft ? '#55555f' : '#1a1a1f'}">${escape(content)}</text>`;
}

/** A line across the sheet. */
function ruleSvg(y: number, colour: string): string {
  return `<line x1="${margin}" x2="${width - margin}" y1="${y}" y2="${y}" stroke="${colour}"/>`;
}

/**
 * Lines that fit. A word that is longer than a line, such as a file's name, is broken too: it may
 * not run into its neighbour.
 * @param room the line's width in the type's size
 */
export function broken(content: string, room: number): string[] {
  const lines: string[] = [''];
  const add = (word: string): void => {
    const last = lines.at(-1)!;
    const longer = last === '' ? word : `${last} ${word}`;
    if (widthOf(longer) <= room) lines[lines.length - 1] = longer;
    else if (last === '') lines[0] = word;
    else lines.push(word);
  };
  for (const word of content.split(' ')) for (const part of partsOf(word, room)) add(part);
  return lines;
}

function partsOf(word: string, room: number): string[] {
  const parts = [''];
  for (const character of word) {
    if (parts.at(-1) !== '' && widthOf(parts.at(-1)! + character) > room) parts.push('');
    parts[parts.length - 1] += character;
  }
  return parts;
}

/** How wide a text is in its size, not less than in DejaVu Sans, the widest of the fonts named. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (/[ijlI|'.,:;!()[\]/\- ]/.test(character)) return 0.4;
  if (/[ftrsJ]/.test(character)) return 0.53;
  if (/[a-ln-vx-z0-9_]/.test(character)) return 0.64;
  if (/[mwMW%@–—]/.test(character)) return 1;
  return character < '\u1100' ? 0.8 : 1.05;
}

/** The whole report as one PNG of 1200 pixels' width. */
export async function reportPng({ title, subtitle, sections, about }: Report): Promise<Buffer> {
  const sheet = new Sheet();
  sheet.text(title, { size: 30, bold: true });
  sheet.text(subtitle, { size: 17, soft: true });
  for (const section of sections) await drawSection(sheet, section);
  drawAbout(sheet, about);
  const height = Math.ceil(sheet.y + margin);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"
font-family="DejaVu Sans, Noto Sans, Arial, sans-serif">
<rect width="100%" height="100%" fill="#fff"/>
${sheet.parts.join('\n')}
</svg>`;
  const sharp = await loadSharp();
  const image = sharp(Buffer.from(svg), { unlimited: true });
  return Buffer.from(signPng(await image.png({ compressionLevel: 9 }).toBuffer()));
}

async function drawSection(
  sheet: Sheet,
  { heading, text, panels = [], columns = 4, scale, table }: Section,
): Promise<void> {
  sheet.y += 18;
  if (heading !== undefined) sheet.text(heading, { size: 21, bold: true });
  if (text !== undefined) sheet.text(text, { size: 15 });
  sheet.y += 12;
  const top = sheet.y;
  const cell =
    (inner - (scale === undefined ? 0 : scaleWidth + gap) - (columns - 1) * gap) / columns;
  for (let first = 0; first < panels.length; first += columns)
    await drawRow(sheet, panels.slice(first, first + columns), cell);
  if (scale !== undefined) {
    const height = Math.min(300, Math.max(120, sheet.y - top - 60));
    drawScale(sheet, scale, { x: width - margin - scaleWidth + 8, top, height });
    sheet.y = Math.max(sheet.y, top + 220);
  }
  if (table !== undefined) drawTable(sheet, table);
}

async function drawRow(sheet: Sheet, panels: readonly Panel[], cell: number): Promise<void> {
  const top = sheet.y;
  let bottom = top;
  for (const [i, { picture, caption, cells = false }] of panels.entries()) {
    const x = margin + i * (cell + gap);
    const height = (cell * picture.height) / picture.width;
    const shown = cells ? enlargedTo(picture, 2 * cell) : picture;
    const place = `x="${x}" y="${top}" width="${cell}" height="${height}"`;
    sheet.parts.push(`<image ${place} href="${await dataUrl(shown, cells)}"/>`);
    if (!cells) sheet.parts.push(`<rect ${place} fill="none" stroke="#ccc"/>`);
    sheet.y = top + height;
    const size = captionSize(cell);
    caption.forEach((line, k) => sheet.text(line, { size, x, room: cell, soft: k > 0 }));
    bottom = Math.max(bottom, sheet.y);
  }
  sheet.y = bottom + gap;
}

/** So small that the name of a file, as cameras give it, is not broken. */
function captionSize(cell: number): number {
  if (cell < 110) return 10.5;
  return cell < 140 ? 12 : 14;
}

function drawScale(
  sheet: Sheet,
  { colours, range, unit }: Scale,
  { x, top, height }: { x: number; top: number; height: number },
): void {
  const stops = Array.from({ length: 18 }, (_, i) => {
    const rgb = colours.subarray(45 * i, 45 * i + 3).join(',');
    return `<stop offset="${i / 17}" stop-color="rgb(${rgb})"/>`;
  });
  const id = `scale${Math.round(top)}`;
  const place = `x="${x}" y="${top}" width="26" height="${height}"`;
  sheet.parts.push(
    `<linearGradient id="${id}" x1="0" y1="1" x2="0" y2="0">${stops.join('')}</linearGradient>`,
    `<rect ${place} fill="url(#${id})"/>`,
    `<rect ${place} fill="none" stroke="#888"/>`,
  );
  const middle = (range.low + range.high) / 2;
  for (const [value, y] of [
    [range.high, top + 6],
    [middle, top + height / 2],
    [range.low, top + height - 6],
  ] as const)
    sheet.parts.push(textSvg(digits(value), { x: x + 34, y: y + 5, size: 14 }));
  const at = sheet.y;
  sheet.y = top + height + 4;
  sheet.text(unit, { size: 13, x, room: scaleWidth - 8, soft: true });
  sheet.y = Math.max(at, sheet.y);
}

/** Of type in a table, and the least room in which its last column is broken into lines. */
const tableSize = 15;
const leastRoom = 400;

/** In columns as wide as they need; where that is too much the last is broken into lines. */
function drawTable(sheet: Sheet, { columns, rows }: Table): void {
  const space = 1.5;
  const widest = columns.map(
    (column, c) => Math.max(...[column, ...rows.map((row) => row[c]!)].map(widthOf)) * 1.1 + space,
  );
  const total = (widths: readonly number[]): number => widths.reduce((sum, one) => sum + one, 0);
  const room = inner - tableSize * total(widest.slice(0, -1));
  const size = room >= leastRoom ? tableSize : Math.min(tableSize, inner / total(widest));
  const at = widest.map((_, c) => margin + size * total(widest.slice(0, c)));
  for (const [r, row] of [columns, ...rows].entries()) {
    sheet.y += size * 1.6;
    const top = sheet.y;
    for (const [c, value] of row.entries()) {
      const lines = c < row.length - 1 || size < tableSize ? [value] : broken(value, room / size);
      for (const [k, line] of lines.entries()) {
        const y = top + k * size * 1.35;
        sheet.parts.push(textSvg(line, { x: at[c]!, y, size, bold: r === 0 }));
        sheet.y = Math.max(sheet.y, y);
      }
    }
    sheet.parts.push(ruleSvg(sheet.y + size * 0.45, '#ddd'));
  }
  sheet.y += gap;
}

function drawAbout(sheet: Sheet, about: readonly About[]): void {
  if (about.length === 0) return;
  sheet.y += 14;
  sheet.parts.push(ruleSvg(sheet.y, '#bbb'));
  for (const { title, does, source, cannot } of about) {
    sheet.y += 6;
    sheet.text(title, { size: 16, bold: true });
    sheet.text(does, { size: 14 });
    sheet.text(`What it cannot show: ${cannot}`, { size: 14 });
    sheet.text(`Source: ${source}`, { size: 13, soft: true });
  }
}

import { escape } from '../../html.ts';
import { loadSharp } from '../../images/node/sharp.ts';
import { enlargedTo } from '../draw.ts';
import type { About } from '../methods.ts';
import { dataUrl } from './encode.ts';
import { digits } from './report.ts';
import type { Panel, Report, Scale, Section, Table } from './report.ts';

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
    for (const line of broken(content, Math.floor(room / (size * (bold ? 0.56 : 0.51))))) {
      this.y += size * 1.35;
      this.parts.push(
        `<text x="${x}" y="${this.y}" font-size="${size}"${bold ? ' font-weight="bold"' : ''} fill="${soft ? '#55555f' : '#1a1a1f'}">${escape(line)}</text>`,
      );
    }
  }
}

function broken(content: string, most: number): string[] {
  const lines: string[] = [''];
  for (const word of content.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] === '') lines[last] = word;
    else if (lines[last]!.length + 1 + word.length <= most) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The whole report as one PNG of 1200 pixels' width. */
export async function reportPng({ title, subtitle, sections, about }: Report): Promise<Buffer> {
  const sheet = new Sheet();
  sheet.text(title, { size: 30, bold: true });
  sheet.text(subtitle, { size: 17, soft: true });
  for (const section of sections) await drawSection(sheet, section);
  drawAbout(sheet, about);
  const height = Math.ceil(sheet.y + margin);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans, Noto Sans, Arial, sans-serif"><rect width="100%" height="100%" fill="#fff"/>${sheet.parts.join('')}</svg>`;
  const sharp = await loadSharp();
  return sharp(Buffer.from(svg), { unlimited: true }).png({ compressionLevel: 9 }).toBuffer();
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
    drawScale(
      sheet,
      scale,
      width - margin - scaleWidth + 8,
      top,
      Math.min(300, Math.max(120, sheet.y - top - 60)),
    );
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
    sheet.parts.push(
      `<image x="${x}" y="${top}" width="${cell}" height="${height}" href="${await dataUrl(shown, cells)}"/>`,
    );
    if (!cells)
      sheet.parts.push(
        `<rect x="${x}" y="${top}" width="${cell}" height="${height}" fill="none" stroke="#ccc"/>`,
      );
    sheet.y = top + height;
    const size = cell < 110 ? 10.5 : 14;
    caption.forEach((line, k) => sheet.text(line, { size, x, room: cell, soft: k > 0 }));
    bottom = Math.max(bottom, sheet.y);
  }
  sheet.y = bottom + gap;
}

function drawScale(
  sheet: Sheet,
  { colours, range, unit }: Scale,
  x: number,
  top: number,
  height: number,
): void {
  const stops = Array.from(
    { length: 18 },
    (_, i) =>
      `<stop offset="${i / 17}" stop-color="rgb(${colours.subarray(45 * i, 45 * i + 3).join(',')})"/>`,
  );
  const id = `scale${Math.round(top)}`;
  sheet.parts.push(
    `<linearGradient id="${id}" x1="0" y1="1" x2="0" y2="0">${stops.join('')}</linearGradient><rect x="${x}" y="${top}" width="26" height="${height}" fill="url(#${id})"/>`,
  );
  sheet.parts.push(
    `<rect x="${x}" y="${top}" width="26" height="${height}" fill="none" stroke="#888"/>`,
  );
  const middle = (range.low + range.high) / 2;
  for (const [value, y] of [
    [range.high, top + 6],
    [middle, top + height / 2],
    [range.low, top + height - 6],
  ] as const) {
    sheet.parts.push(
      `<text x="${x + 34}" y="${y + 5}" font-size="14" fill="#1a1a1f">${digits(value)}</text>`,
    );
  }
  const at = sheet.y;
  sheet.y = top + height + 4;
  sheet.text(unit, { size: 13, x, room: scaleWidth - 8, soft: true });
  sheet.y = Math.max(at, sheet.y);
}

function drawTable(sheet: Sheet, { columns, rows }: Table): void {
  const longest = columns.map((column, c) =>
    Math.max(column.length, ...rows.map((row) => row[c]!.length)),
  );
  const size = Math.min(15, (inner / longest.reduce((sum, n) => sum + n + 3, 0)) * 1.8);
  const at = longest.map(
    (_, c) => margin + longest.slice(0, c).reduce((sum, n) => sum + (n + 3) * size * 0.56, 0),
  );
  for (const [r, row] of [columns, ...rows].entries()) {
    sheet.y += size * 1.6;
    row.forEach((value, c) =>
      sheet.parts.push(
        `<text x="${at[c]}" y="${sheet.y}" font-size="${size}"${r === 0 ? ' font-weight="bold"' : ''} fill="#1a1a1f">${escape(value)}</text>`,
      ),
    );
    sheet.parts.push(
      `<line x1="${margin}" x2="${width - margin}" y1="${sheet.y + size * 0.45}" y2="${sheet.y + size * 0.45}" stroke="#ddd"/>`,
    );
  }
  sheet.y += gap;
}

function drawAbout(sheet: Sheet, about: readonly About[]): void {
  if (about.length === 0) return;
  sheet.y += 14;
  sheet.parts.push(
    `<line x1="${margin}" x2="${width - margin}" y1="${sheet.y}" y2="${sheet.y}" stroke="#bbb"/>`,
  );
  for (const { title, does, source, cannot } of about) {
    sheet.y += 6;
    sheet.text(title, { size: 16, bold: true });
    sheet.text(does, { size: 14 });
    sheet.text(`What it cannot show: ${cannot}`, { size: 14 });
    sheet.text(`Source: ${source}`, { size: 13, soft: true });
  }
}

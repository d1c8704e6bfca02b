import type {
  Arithmetic,
  Block,
  Card,
  Claim,
  Drawing,
  Gallery,
  Grid,
  Lesson,
  Pixels,
  Table,
  Try,
} from '../lesson.ts';
import { ended, placeOf } from './evidence.ts';

/**
 * Keeps a picture as a file of that name without ending, and gives its address seen from the text.
 */
export type Keep = (name: string, picture: Drawing | Pixels) => string;

/** A lesson as Markdown, its pictures in files. */
export function lessonMarkdown(lesson: Lesson, keep: Keep): string {
  const parts = [
    `# ${lesson.title}`,
    ...lesson.lead,
    ...lesson.sections.flatMap(({ id, title, blocks }) => [
      `<a id="${id}"></a>\n\n## ${title}`,
      ...blocks.flatMap((block) => blockMarkdown(block, keep)),
    ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function blockMarkdown(block: Block, keep: Keep): string[] {
  switch (block.kind) {
    case 'text':
      return [block.text];
    case 'heading':
      return [`### ${block.text}`];
    case 'list':
      return [block.items.map((item) => `- ${item}`).join('\n')];
    case 'formula':
      return [fenced(block.lines)];
    case 'table':
      return tableMarkdown(block);
    case 'figure':
      return [`![${block.alt}](${keep(block.id, block.drawing)})`, `*${block.caption}*`];
    case 'gallery':
      return galleryMarkdown(block, keep);
    case 'arithmetic':
      return [fenced(arithmeticLines(block)), `*${block.caption}*`];
    case 'cards':
      return block.cards.map(cardMarkdown);
    case 'claims':
      return block.claims.map(claimMarkdown);
    case 'try':
      return [`**Try it**\n\n${block.tries.map((one) => `- ${tryMarkdown(one)}`).join('\n')}`];
    case 'exercise':
      return [
        `**Exercise.** ${block.question}`,
        `<details><summary>Answer</summary>\n\n${block.answer.join('\n\n')}\n\n</details>`,
      ];
    case 'play':
      return tableMarkdown(block.still);
  }
}

function fenced(lines: readonly string[]): string {
  return `\`\`\`\n${lines.join('\n')}\n\`\`\``;
}

function tableMarkdown({ caption, columns, rows }: Table): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = columns.map(({ numbers }) => (numbers === true ? '---:' : '---'));
  const all = [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)];
  return [`${caption}:`, all.join('\n')];
}

/** A table of pictures and their words. */
function galleryMarkdown({ id, caption, items }: Gallery, keep: Keep): string[] {
  const rows = items.map(({ pictures, words }, i) => {
    const images = pictures.map((picture, j) => {
      const address = keep(`${id}-${i}-${j}`, picture);
      return `<img src="${address}" width="${picture.cells ? 110 : 160}" alt="${picture.alt}">`;
    });
    return `| ${images.join(' ')} | ${words} |`;
  });
  return [`| | |\n|---|---|\n${rows.join('\n')}`, `*${caption}*`];
}

/** Grids side by side, signs at the height of their middle. */
function arithmeticLines({ parts }: Arithmetic): string[] {
  const heights = parts.map((part) => (typeof part === 'string' ? 1 : part.rows.length));
  const height = Math.max(...heights);
  const columns = parts.map((part) =>
    typeof part === 'string' ? signColumn(part, height) : gridColumn(part, height),
  );
  return Array.from({ length: height + 1 }, (_, row) => {
    const line = columns.map((column) => column[row]!).join('   ');
    return line.trimEnd();
  });
}

function signColumn(sign: string, height: number): string[] {
  const middle = 1 + Math.floor((height - 1) / 2);
  return Array.from({ length: height + 1 }, (_, row) =>
    row === middle ? sign : ' '.repeat(sign.length),
  );
}

function gridColumn({ label, rows }: Grid, height: number): string[] {
  const cell = Math.max(...rows.flat().map(({ length }) => length));
  const lines = rows.map((row) => row.map((text) => text.padStart(cell)).join(' '));
  const width = Math.max(label.length, ...lines.map(({ length }) => length));
  const all = [label, ...lines];
  return Array.from({ length: height + 1 }, (_, row) => (all[row] ?? '').padEnd(width));
}

function cardMarkdown({ title, about, facts, shares }: Card): string {
  const rows = [
    ...facts.map(({ name, value }) => `| ${name} | ${value} |`),
    ...shares.map(({ name, share }) => `| ${name} | ${(100 * share).toFixed(1)} % |`),
  ];
  return `| **${title}** | ${about} |\n|---|---|\n${rows.join('\n')}`;
}

function claimMarkdown({ claim, evidence, ours, tries = [] }: Claim): string {
  const items = [
    ...evidence.map((one) => `- ${placeOf(one)}: ${one.says}`),
    ...tries.map((one) => `- Try it: ${tryMarkdown(one)}`),
    ...(ours === undefined ? [] : [`- What we do: ${ours}`]),
  ];
  return `**${claim}**\n\n${items.join('\n')}`;
}

function tryMarkdown({ command, shows, slow }: Try): string {
  const took = slow === undefined ? '' : ` It takes a while. Here: ${slow}`;
  return `\`npx alexnet ${command}\`: ${ended(shows)}${took}`;
}

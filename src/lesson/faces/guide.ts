import { escape } from '../../html.ts';
import { explanation } from '../explanation.ts';
import type { Drawing, Lesson, Pixels } from '../lesson.ts';
import { lessonMarkdown } from './markdown.ts';

const made =
  '<!-- Made by scripts/lesson.mjs from src/lesson: change it there, then run make docs. -->';

/**
 * The explanation as a guide: its text `alexnet.md`, and its pictures under `alexnet/`.
 * @returns path → content.
 */
export function explanationGuide(): Map<string, string | Uint8Array> {
  return guideOf(explanation(), 'alexnet', made);
}

/**
 * A lesson as a guide: its text `NAME.md`, and its pictures under `NAME/`.
 * @param comment its first line. @returns path → content.
 */
export function guideOf(
  lesson: Lesson,
  name: string,
  comment: string,
): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>();
  const folder = name.split('/').at(-1)!;
  const keep = (picture: string, content: Drawing | Pixels): string => {
    const file = `${picture}.${endingOf(content)}`;
    files.set(`${name}/${file}`, 'url' in content ? bytesOf(content) : standalone(content));
    return `${folder}/${file}`;
  };
  const text = lessonMarkdown(lesson, keep);
  files.set(`${name}.md`, `${comment}\n\n${text}`);
  return files;
}

function endingOf(picture: Drawing | Pixels): string {
  if (!('url' in picture)) return 'svg';
  return picture.url.startsWith('data:image/jpeg') ? 'jpg' : 'png';
}

function bytesOf({ url }: Pixels): Uint8Array {
  const text = atob(url.slice(url.indexOf(',') + 1));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The page's classes in the colours of paper: a file knows no page. */
const style = [
  'text { font: 12px system-ui, sans-serif; fill: #1b1b20 }',
  '.t-soft { fill: #5b5b66 } .t-strong { font-weight: 600 } .t-warn { fill: #b3261e }',
  '.f-one { fill: #2f6fbf } .f-two { fill: #c9822b } .f-soft { fill: #d4d4dd }',
  '.f-warn { fill: #b3261e } .f-paper { fill: #ffffff }',
  '.edge { stroke: #2f6fbf; stroke-width: 1.5; fill-opacity: 0.35 }',
  '.s-line, .s-one, .s-two { fill: none; stroke: #5b5b66 }',
  '.s-one { stroke: #2f6fbf; stroke-width: 2.5 }',
  '.s-two { stroke: #c9822b; stroke-width: 2.5; stroke-dasharray: 6 3 }',
].join(' ');

function standalone({ width, height, content }: Drawing): string {
  const margin = 10;
  const box = `${-margin} ${-margin} ${width + 2 * margin} ${height + 2 * margin}`;
  const size = `width="${width + 2 * margin}" height="${height + 2 * margin}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" ${size}>`,
    `<style>${escape(style)}</style>`,
    `<rect x="${-margin}" y="${-margin}" width="100%" height="100%" fill="#ffffff"/>`,
    content,
    '</svg>\n',
  ].join('\n');
}

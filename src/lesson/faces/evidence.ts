import type { Evidence } from '../lesson.ts';

/** Where a piece of evidence is from, in the lesson's marks. */
export function placeOf(evidence: Evidence): string {
  switch (evidence.from) {
    case 'paper':
      return `Paper, ${evidence.where}`;
    case 'network':
      return `Counted, \`alexnet ${evidence.command}\``;
    case 'measured':
      return `Measured, \`alexnet ${evidence.command}\``;
    case 'reckoned':
      return 'Reckoned';
    case 'source':
      return capital(evidence.where);
  }
}

/** With a capital and an end. */
export function sentence(text: string): string {
  return ended(capital(text));
}

export function ended(text: string): string {
  return /[.?]$/.test(text) ? text : `${text}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import { escape } from '../../html.ts';

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const empty = new Set(['br', 'img', 'input']);

/**
 * An element as HTML. Attributes are escaped; true stands alone, false and undefined are left out.
 * @param inside HTML, as it is.
 */
export function el(name: string, attributes: Attributes, ...inside: readonly string[]): string {
  const given = Object.entries(attributes).map(([key, value]) => {
    if (value === undefined || value === false) return '';
    return value === true ? ` ${key}` : ` ${key}="${escape(String(value))}"`;
  });
  const start = `<${name}${given.join('')}>`;
  return empty.has(name) ? start : `${start}${inside.join('')}</${name}>`;
}

/** The three marks of the lesson's text, as HTML. */
export function inline(text: string): string {
  return unbroken(escape(text))
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, '<a href="$2">$1</a>');
}

/** A number and its unit stay on one line. */
function unbroken(text: string): string {
  return text.replaceAll(/(\d) (?=(?:%|[kMG]|[kMG]B|GiB|[GP]FLOP)(?!\w))/g, '$1\u00a0');
}

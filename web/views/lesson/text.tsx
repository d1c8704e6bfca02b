import type { ComponentChildren, JSX } from 'preact';
import { linkTo } from '../../state/address.ts';

/** The lesson's text with its three marks: `code`, **strong**, [words](#section or address). */
export function Text({ text }: { readonly text: string }): JSX.Element {
  return <>{text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\))/).map(marked)}</>;
}

function marked(part: string, i: number): ComponentChildren {
  const code = /^`(.+)`$/.exec(part)?.[1];
  if (code !== undefined) return <code key={i}>{code}</code>;
  const strong = /^\*\*(.+)\*\*$/.exec(part)?.[1];
  if (strong !== undefined) return <strong key={i}>{strong}</strong>;
  const [, label, to] = /^\[(.+)\]\((.+)\)$/.exec(part) ?? [];
  if (label === undefined || to === undefined) return part;
  const href = to.startsWith('#') ? linkTo({ section: to.slice(1) }) : to;
  return (
    <a key={i} href={href}>
      {label}
    </a>
  );
}

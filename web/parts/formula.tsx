import { h } from 'preact';
import type { JSX, VNode } from 'preact';

/**
 * A size's formula, `floor((227 − 11 + 2·0)/4) + 1 = 55`, as MathML: what it floors in its
 * brackets, what it divides as a fraction. Other words stay as they are.
 */
export function Formula({ text }: { readonly text: string }): JSX.Element {
  const match = /^(?:(floor|ceil)\(\((.+?)\)\/(\d+)\)|\((.+?)\)) \+ 1 = (\d+)$/.exec(text);
  if (match === null) return <span>{text}</span>;
  const [, rounding, divided, by, plain, result] = match;
  const quotient =
    divided === undefined || by === undefined
      ? sum(plain!)
      : [h('mfrac', null, h('mrow', null, ...sum(divided)), number(by))];
  const [open, close] = brackets(rounding);
  return (
    <math>
      {h('mrow', null, operator(open), ...quotient, operator(close))}
      {operator('+')}
      {number('1')}
      {operator('=')}
      {number(result!)}
    </math>
  );
}

function brackets(rounding: string | undefined): readonly [string, string] {
  if (rounding === 'floor') return ['⌊', '⌋'];
  return rounding === 'ceil' ? ['⌈', '⌉'] : ['(', ')'];
}

/** `227 − 11 + 2·0` */
function sum(text: string): VNode[] {
  return [...text.matchAll(/\d+|[−+·]/g)].map(([part]) =>
    /\d/.test(part) ? number(part) : operator(part),
  );
}

function number(text: string): VNode {
  return h('mn', null, text);
}

function operator(text: string): VNode {
  return h('mo', null, text);
}

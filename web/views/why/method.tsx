import type { JSX } from 'preact';
import type { Pixels, WhyAnswer } from '../../compute/protocol.ts';
import { Scale } from '../../parts/scale.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';
import { Heat } from './heat.tsx';
import type { WhyMethod } from './methods.ts';

/** One method: its heat over the picture, what it does, and what it cannot show. */
export function Method({
  current: { scene },
  method,
  index,
  picture,
}: {
  readonly current: Current;
  readonly method: WhyMethod;
  readonly index: number;
  readonly picture: Pixels;
}): JSX.Element {
  const answered = useAnswer('why', { ...scene, method, class: index });
  const { value } = answered;
  const [title, does, cannot] = words.why.methods[method];
  return (
    <li class="method" data-method={method}>
      <h3>{title}</h3>
      {value === undefined ? (
        <span class="heat empty">
          <Waiting answered={answered} />
        </span>
      ) : (
        <>
          <Heat picture={picture} answer={value} label={`${title}: ${value.unit}`} />
          <Scale {...value.heat} />
          <p class="soft">{legend(value)}</p>
        </>
      )}
      <p>{does}</p>
      <p class="soft">
        <strong>{words.why.cannot}</strong> {cannot}
      </p>
    </li>
  );
}

function legend({ method, heat, facts, milliseconds }: WhyAnswer): string {
  const took = words.why.took(milliseconds);
  if (method === 'occlusion') return `${words.why.fell}; ${took}`;
  if (!heat.signed) return `${words.why.amount}; ${took}`;
  const { sum, difference } = facts;
  const sums =
    sum === undefined || difference === undefined
      ? ''
      : ` ${words.why.sum(number(sum), number(difference))}`;
  return `${words.why.for}; ${took}.${sums}`;
}

import type { JSX } from 'preact';
import type { Current } from '../../state/current.ts';
import { linkTo } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import { Waiting } from '../../parts/waiting.tsx';
import { percent } from '../../format.ts';
import { words } from '../../words.ts';

/** The first classes with their probabilities; each leads to the question why. */
export function Answer({
  current: { model, scene },
  top = 5,
}: {
  readonly current: Current;
  readonly top?: number;
}): JSX.Element {
  const answered = useAnswer('answer', scene);
  const { value } = answered;
  if (value === undefined) return <Waiting answered={answered} />;
  const rows = value.ranking.slice(0, top).map((index) => {
    const share = value.probabilities[index]!;
    return (
      <li key={index} data-class={index} data-probability={share}>
        <a href={linkTo({ view: 'why', class: index })}>
          <span class="label">{model.labels[index]}</span>
          <span class="share" style={{ '--share': `${100 * share}%` }} />
          <span class="n">{percent(share)}</span>
        </a>
      </li>
    );
  });
  return (
    <>
      <ol class="answers">{rows}</ol>
      <p class="soft">{words.models.answered(value.milliseconds)}</p>
    </>
  );
}

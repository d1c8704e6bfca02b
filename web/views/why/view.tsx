import type { JSX } from 'preact';
import { Failure, Waiting } from '../../parts/waiting.tsx';
import { address, go } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import type { PictureAnswer } from '../../compute/protocol.ts';
import { percent } from '../../format.ts';
import { words } from '../../words.ts';
import { Check } from './check.tsx';
import { Method } from './method.tsx';
import { methodNames } from './methods.ts';

/** Why a class: six methods side by side, with what each cannot show. */
export function WhyView({ current }: { readonly current: Current }): JSX.Element {
  const { model, scene } = current;
  const answered = useAnswer('answer', scene);
  const { value } = answered;
  if (value === undefined) return <Waiting answered={answered} />;
  const index = address.value.class ?? value.ranking[0]!;
  const label = model.labels[index];
  if (label === undefined) return <Failure reason={words.why.none(index, model.labels.length)} />;
  return (
    <>
      <h2>{words.why.title(label)}</h2>
      <ClassChoice current={current} answer={value} chosen={index} />
      <ul class="methods">
        {methodNames.map((method) => (
          <Method
            key={method}
            current={current}
            method={method}
            index={index}
            picture={value.picture}
          />
        ))}
      </ul>
      <Check current={current} index={index} picture={value.picture} />
    </>
  );
}

/** The network's first answers, then all of its classes by their name. */
function ClassChoice({
  current: { model },
  answer: { ranking, probabilities },
  chosen,
}: {
  readonly current: Current;
  readonly answer: PictureAnswer;
  readonly chosen: number;
}): JSX.Element {
  const option = (index: number): JSX.Element => (
    <option key={index} value={index}>
      {model.labels[index]} ({percent(probabilities[index]!)})
    </option>
  );
  return (
    <p>
      <label>
        {words.why.choose}{' '}
        <select
          value={chosen}
          onChange={({ currentTarget }) => go({ class: Number(currentTarget.value) })}
        >
          {ranking.map(option)}
        </select>
      </label>
    </p>
  );
}

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Pixels } from '../../compute/protocol.ts';
import { Waiting } from '../../parts/waiting.tsx';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';
import { Heat } from './heat.tsx';
import type { WhyMethod } from './methods.ts';

/** The quick methods: the check asks each twice. */
const checked: readonly WhyMethod[] = ['grad-cam', 'guided-grad-cam', 'saliency', 'deconvnet'];

/**
 * The check with shuffled weights: which method's picture stays though nothing is left of what
 * was learned.
 */
export function Check({
  current,
  index,
  picture,
}: {
  readonly current: Current;
  readonly index: number;
  readonly picture: Pixels;
}): JSX.Element {
  const weighted = current.model.layers.filter(({ parameters }) => parameters > 0);
  const [from, setFrom] = useState(weighted.at(-1)!.name);
  const [wanted, setWanted] = useState(false);
  const { model, picture: shown } = current.scene;
  useEffect(() => setWanted(false), [model.id, shown.id, index]);
  return (
    <section aria-labelledby="check">
      <h2 id="check">{words.why.check}</h2>
      <p>{words.why.checkTold}</p>
      <p class="buttons">
        <label>
          {words.why.from}{' '}
          <select value={from} onChange={({ currentTarget }) => setFrom(currentTarget.value)}>
            {weighted.toReversed().map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => setWanted(!wanted)}>
          {wanted ? words.pictures.close : words.why.run}
        </button>
      </p>
      {wanted && (
        <ul class="methods">
          {checked.map((method) => (
            <Shuffled key={method} {...{ current, index, picture, method, from }} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Shuffled({
  current: { scene },
  index,
  picture,
  method,
  from,
}: {
  readonly current: Current;
  readonly index: number;
  readonly picture: Pixels;
  readonly method: WhyMethod;
  readonly from: string;
}): JSX.Element {
  const answered = useAnswer('why', { ...scene, method, class: index, randomize: from });
  const { value } = answered;
  const [title] = words.why.methods[method];
  return (
    <li class="method">
      <h3>{title}</h3>
      {value === undefined ? (
        <Waiting answered={answered} />
      ) : (
        <>
          <Heat picture={picture} answer={value} label={`${title}, ${words.why.shuffled(from)}`} />
          <p class="soft">{words.why.shuffled(value.randomized ?? from)}</p>
          <p data-correlation={value.correlation}>
            {words.why.correlation(number(value.correlation ?? NaN))}
          </p>
        </>
      )}
    </li>
  );
}

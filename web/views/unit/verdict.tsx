import type { JSX } from 'preact';
import type { NumberAnswer } from '../../compute/protocol.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';

/** The engine's own number beside the sum that stands below. */
export function Verdict({
  answer: { value, reckoned },
}: {
  readonly answer: NumberAnswer;
}): JSX.Element {
  const { unit } = words;
  return (
    <dl class="verdict">
      <div>
        <dt>{unit.value}</dt>
        <dd class="n" data-value={value}>
          {number(value)}
        </dd>
      </div>
      <div>
        <dt>{unit.reckoned}</dt>
        <dd class="n" data-reckoned={reckoned}>
          {number(reckoned)}
        </dd>
      </div>
      <div>
        <dt />
        <dd class="soft">{unit.same(number(Math.abs(value - reckoned)))}</dd>
      </div>
    </dl>
  );
}

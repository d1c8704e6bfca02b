import type { JSX } from 'preact';
import type { ModelSource, Scene } from '../../compute/protocol.ts';
import { linkTo } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';

/** The channels that two models of the same shape answer most differently. */
export function Differences({
  scene,
  other,
  layer,
}: {
  readonly scene: Scene;
  readonly other: ModelSource;
  readonly layer: string;
}): JSX.Element | null {
  const { value } = useAnswer('differences', { ...scene, other, layer });
  if (value === undefined || value.channels.length === 0) return null;
  return (
    <section>
      <h3>{words.compare.differ}</h3>
      <p class="soft">{words.compare.differTold}</p>
      <ol class="listed" data-differences={layer}>
        {value.channels.map(({ channel, distance }) => (
          <li key={channel}>
            <a href={linkTo({ unit: channel })}>{words.channel(channel)}</a>{' '}
            <span class="n">{number(distance, 3)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

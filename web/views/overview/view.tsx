import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { useWidth } from '../../parts/width.ts';
import type { Current } from '../../state/current.ts';
import { towersOf } from '../../state/current.ts';
import { words } from '../../words.ts';
import { Answer } from './answer.tsx';
import { Costs } from './costs.tsx';
import { scaleFor, stagesOf } from './layout.ts';
import { usePlayer } from './player.tsx';
import { StageView } from './stage.tsx';

/** The network to scale, with every number that it computes for the picture. */
export function Overview({ current }: { readonly current: Current }): JSX.Element {
  const { model } = current;
  const stages = useMemo(() => stagesOf(model), [model]);
  const [place, width] = useWidth();
  const scale = scaleFor(stages, width);
  const { lit, controls } = usePlayer(stages.length);
  const numbers = stages.reduce(
    (sum, { layer: { output } }) => sum + output[0] * output[1] * output[2],
    0,
  );
  return (
    <>
      <section aria-labelledby="network" class="overview">
        <h2 id="network">{words.overview.title}</h2>
        <p>
          {words.overview.lead(numbers, words.overview.side(Number(scale.toPrecision(2))))}
          {towersOf(model) > 1 && ` ${words.overview.towers}`}
        </p>
        {controls}
        <div ref={place} class="network">
          <ol class="stages">
            {stages.map((stage, i) => (
              <StageView key={stage.layer.name} {...{ stage, current, scale }} lit={i < lit} />
            ))}
            <li class={`stage ${lit >= stages.length ? '' : 'unlit'}`}>
              <h3>{words.overview.answer}</h3>
              <Answer current={current} />
            </li>
          </ol>
        </div>
      </section>
      <Costs model={model} />
    </>
  );
}

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LayerFacts, Pixels } from '../../compute/protocol.ts';
import { Picture } from '../../parts/image.tsx';
import { Failure } from '../../parts/waiting.tsx';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';

const steps = 128;

/** The picture that excites the channel most, while it comes to be; it can be stopped. */
export function Maximise({
  current: { scene },
  layer,
  unit,
}: {
  readonly current: Current;
  readonly layer: LayerFacts;
  readonly unit: number;
}): JSX.Element | null {
  const [wanted, setWanted] = useState(false);
  const { model, engine } = scene;
  const last = useRef<Pixels>(undefined);
  useEffect(() => {
    setWanted(false);
    last.current = undefined;
  }, [model.id, layer.name, unit]);
  const wish = { model, engine, layer: layer.name, unit, steps };
  const { value, error, progress } = useAnswer('maximise', wanted ? wish : undefined);
  if (layer.type === 'input') return null;
  const shown = value?.pixels ?? progress?.picture ?? last.current;
  last.current = shown;
  const running = wanted && value === undefined && error === undefined;
  const told = value
    ? words.unit.reached(number(value.value))
    : progress && words.unit.step(progress.done, steps);
  return (
    <section aria-labelledby="maximise">
      <h3 id="maximise">{words.unit.maximise}</h3>
      <p class="soft">{words.unit.maximiseTold}</p>
      <button type="button" onClick={() => setWanted(!running)}>
        {running ? words.stop : words.unit.begin}
      </button>
      {error !== undefined && <Failure reason={error} />}
      {shown && (
        <figure>
          <Picture
            class="made"
            pixels={shown}
            cells={shown.width < 100}
            label={words.unit.maximise}
          />
          <figcaption>{told}</figcaption>
        </figure>
      )}
    </section>
  );
}

import type { JSX } from 'preact';
import type { LayerFacts } from '../../compute/protocol.ts';
import { MapImage } from '../../parts/image.tsx';
import { Scale } from '../../parts/scale.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { linkTo } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { words } from '../../words.ts';

/** One channel through the layers that keep channels apart: before and after ReLU, LRN, pooling. */
export function Column({
  current: { model, scene },
  layer,
  unit,
}: {
  readonly current: Current;
  readonly layer: LayerFacts;
  readonly unit: number;
}): JSX.Element | null {
  const layers = runAround(model.layers, layer);
  const exists = unit < layer.output[0];
  const answered = useAnswer('column', exists ? { ...scene, layers, unit } : undefined);
  if (!exists) return null;
  const { value } = answered;
  return (
    <section aria-labelledby="column">
      <h3 id="column">{words.layer.column(unit)}</h3>
      {value === undefined ? (
        <Waiting answered={answered} />
      ) : (
        <ol class="column">
          {value.maps.map((map) => (
            <li key={map.layer}>
              <a href={linkTo({ view: 'layer', layer: map.layer, unit })}>{map.layer}</a>
              <MapImage {...map} label={`${map.layer}, ${words.channel(unit)}`} />
              <Scale {...map} />
            </li>
          ))}
        </ol>
      )}
      <p>
        <a href={linkTo({ view: 'unit', layer: layer.name, unit, place: middleOf(layer) })}>
          {words.layer.toNumbers(unit)}
        </a>
      </p>
    </section>
  );
}

function middleOf({ output: [, height, width] }: LayerFacts): readonly [number, number] {
  return [height >> 1, width >> 1];
}

/** From the convolution (or dense layer) before to the last layer before the next one. */
function runAround(layers: readonly LayerFacts[], { name }: LayerFacts): string[] {
  const at = layers.findIndex((layer) => layer.name === name);
  const mixes = ({ type }: LayerFacts): boolean =>
    type === 'input' || type === 'convolution' || type === 'dense' || type === 'softmax';
  const first = layers.findLastIndex((layer, i) => i <= at && mixes(layer));
  const end = layers.findIndex((layer, i) => i > at && mixes(layer));
  return layers.slice(first, end < 0 ? undefined : end).map((layer) => layer.name);
}

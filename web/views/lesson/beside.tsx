import type { JSX } from 'preact';
import type { LayerFacts, ModelAnswer } from '../../compute/protocol.ts';
import { MapImage } from '../../parts/image.tsx';
import { Scale } from '../../parts/scale.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { address, linkTo } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { hasPlaces, layerOf, shapeText } from '../../state/current.ts';
import { words } from '../../words.ts';
import { Answer } from '../overview/answer.tsx';

const shown = 16;

/**
 * The layer by its name; or the first that begins with it, as `fc6a` of a network whose dense
 * layers
 * are of low rank; or the first convolution.
 */
function spokenOf(model: ModelAnswer, name: string | undefined): LayerFacts {
  const { layers } = model;
  return (
    layerOf(model, name) ??
    layers.find((layer) => name !== undefined && layer.name.startsWith(name)) ??
    layers.find(({ type }) => type === 'convolution') ??
    layers[0]!
  );
}

/** What the text speaks of, in the network and the picture that are chosen. */
export function Beside({ current }: { readonly current: Current }): JSX.Element {
  const { model, scene } = current;
  const layer = spokenOf(model, address.value.layer);
  const answered = useAnswer('maps', { ...scene, layer: layer.name });
  const { value } = answered;
  const [, height, width] = layer.output;
  return (
    <aside aria-label={words.lesson.beside}>
      <h3>
        <a href={linkTo({ view: 'layer', layer: layer.name, unit: undefined, place: undefined })}>
          {layer.name}
        </a>{' '}
        <span class="soft">{shapeText(layer)}</span>
      </h3>
      {value === undefined && <Waiting answered={answered} />}
      {value && hasPlaces(layer) && (
        <>
          <ul class="channels">
            {value.statistics.slice(0, shown).map(({ channel }) => (
              <li key={channel}>
                <MapImage
                  bytes={value.bytes.subarray(
                    channel * height * width,
                    (channel + 1) * height * width,
                  )}
                  {...{ width, height, signed: value.signed }}
                  label={words.channel(channel)}
                />
              </li>
            ))}
          </ul>
          <Scale {...value} />
        </>
      )}
      <h3>{words.overview.answer}</h3>
      <Answer current={current} top={3} />
    </aside>
  );
}

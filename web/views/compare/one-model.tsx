import type { JSX } from 'preact';
import { MapImage } from '../../parts/image.tsx';
import { Scale } from '../../parts/scale.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { hasPlaces, layerOf, shapeText } from '../../state/current.ts';
import { models } from '../../state/library.ts';
import { words } from '../../words.ts';
import { Answer } from '../overview/answer.tsx';
import { WeightsTable } from './weights.tsx';

/** One of the two: its answers, the channel, and how large its weights are. */
export function OneModel({
  current,
  layer,
  unit,
}: {
  readonly current: Current;
  readonly layer: string;
  readonly unit: number;
}): JSX.Element {
  const { model, scene } = current;
  const name = models.value.find(({ source }) => source.id === model.id)?.name ?? model.id;
  return (
    <div role="group" aria-label={name} data-model={model.id}>
      <h3>{name}</h3>
      <Answer current={current} />
      <ChannelMap current={current} layer={layer} unit={unit} />
      <WeightsTable scene={scene} />
    </div>
  );
}

function ChannelMap({
  current: { model, scene },
  layer,
  unit,
}: {
  readonly current: Current;
  readonly layer: string;
  readonly unit: number;
}): JSX.Element {
  const found = layerOf(model, layer);
  const exists = found !== undefined && unit < found.output[0] && hasPlaces(found);
  const answered = useAnswer('column', exists ? { ...scene, layers: [layer], unit } : undefined);
  if (found === undefined) return <p role="status">{words.compare.missing(layer)}</p>;
  if (unit >= found.output[0])
    return <p role="status">{words.compare.noChannel(layer, found.output[0])}</p>;
  const map = answered.value?.maps[0];
  return (
    <figure>
      {map === undefined ? (
        exists && <Waiting answered={answered} />
      ) : (
        <MapImage class="made" {...map} label={words.compare.maps(layer, unit)} />
      )}
      <figcaption>
        {words.compare.maps(layer, unit)}, {shapeText(found)} {map && <Scale {...map} />}
      </figcaption>
    </figure>
  );
}

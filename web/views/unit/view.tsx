import type { JSX } from 'preact';
import { address } from '../../state/address.ts';
import { useAnswer, useLastAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { hasPlaces, layerOf } from '../../state/current.ts';
import { LayerStrip } from '../layer/strip.tsx';
import { Failure, Waiting } from '../../parts/waiting.tsx';
import { words } from '../../words.ts';
import { FieldOnPicture } from './field.tsx';
import { Maximise } from './maximise.tsx';
import { Patches } from './patches.tsx';
import { PlaceOnMap } from './place.tsx';
import { TraceView } from './trace.tsx';
import { Verdict } from './verdict.tsx';

/** One number of one map, traced to what it was computed from. */
export function UnitView({ current }: { readonly current: Current }): JSX.Element {
  const { model, scene } = current;
  const { layer: name, unit = 0, place } = address.value;
  const layer = layerOf(
    model,
    name ?? model.layers.find(({ type }) => type === 'convolution')?.name,
  );
  const [y, x] = place ?? [(layer?.output[1] ?? 0) >> 1, (layer?.output[2] ?? 0) >> 1];
  const at = layer && { layer: layer.name, unit, y, x };
  const answered = useLastAnswer('number', at && { ...scene, ...at });
  const picture = useAnswer('answer', scene);
  const maps = useAnswer('maps', layer && { ...scene, layer: layer.name });
  if (layer === undefined || at === undefined)
    return (
      <Failure
        reason={words.layer.none(
          name ?? '',
          model.layers.map((one) => one.name),
        )}
      />
    );
  const { value, error } = answered;
  if (error !== undefined) return <Failure reason={error} />;
  return (
    <>
      <LayerStrip model={model} chosen={layer.name} />
      <h2>{words.unit.title(layer.name, unit)}</h2>
      {value === undefined ? (
        <Waiting answered={answered} />
      ) : (
        <div class={`number ${answered.stale ? 'stale' : ''}`}>
          <div class="sides">
            {picture.value && (
              <FieldOnPicture picture={picture.value.picture} field={value.field} />
            )}
            {maps.value && hasPlaces(layer) && unit < layer.output[0] && (
              <PlaceOnMap maps={maps.value} unit={unit} y={y} x={x} />
            )}
          </div>
          <div class="how">
            <Verdict answer={value} />
            <h3>{words.unit.how}</h3>
            <TraceView answer={value} model={model} />
          </div>
        </div>
      )}
      <div class="pair">
        <Patches current={current} layer={layer} unit={unit} />
        <Maximise current={current} layer={layer} unit={unit} />
      </div>
    </>
  );
}

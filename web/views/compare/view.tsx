import type { JSX } from 'preact';
import type { Scene } from '../../compute/protocol.ts';
import { Failure, Waiting } from '../../parts/waiting.tsx';
import { address, go } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { layerOf } from '../../state/current.ts';
import { modelSource, models } from '../../state/library.ts';
import { words } from '../../words.ts';
import { LayerStrip } from '../layer/strip.tsx';
import { Differences } from './differences.tsx';
import { OneModel } from './one-model.tsx';

/** Two models, or two epochs of one run, on the same picture and channel. */
export function CompareView({ current }: { readonly current: Current }): JSX.Element {
  const { model, scene } = current;
  const { with: wanted, unit = 0, layer } = address.value;
  const other =
    wanted ?? models.value.find(({ source }) => source.id !== model.id)?.source.id ?? model.id;
  const first = model.layers.find(({ type }) => type === 'convolution')!.name;
  const name = layerOf(model, layer)?.name ?? layer ?? first;
  return (
    <>
      <h2>{words.compare.title}</h2>
      <p>{words.compare.told}</p>
      <OtherModel chosen={other} />
      {other === model.id && <p role="status">{words.compare.same}</p>}
      <LayerStrip model={model} chosen={name} />
      <Channel unit={unit} channels={layerOf(model, name)?.output[0] ?? 1} />
      {other !== model.id && <Differences scene={scene} other={modelSource(other)} layer={name} />}
      <div class="pair">
        <OneModel current={current} layer={name} unit={unit} />
        <Other scene={{ ...scene, model: modelSource(other) }} layer={name} unit={unit} />
      </div>
    </>
  );
}

function OtherModel({ chosen }: { readonly chosen: string }): JSX.Element {
  return (
    <p>
      <label>
        {words.compare.choose}{' '}
        <select value={chosen} onChange={({ currentTarget }) => go({ with: currentTarget.value })}>
          {models.value.map(({ source, name }) => (
            <option key={source.id} value={source.id}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}

function Channel({
  unit,
  channels,
}: {
  readonly unit: number;
  readonly channels: number;
}): JSX.Element {
  return (
    <p>
      <label>
        {words.compare.unit}{' '}
        <input
          type="number"
          min="0"
          max={channels - 1}
          value={unit}
          onInput={({ currentTarget }) => {
            const value = currentTarget.valueAsNumber;
            if (Number.isInteger(value) && value >= 0) go({ unit: value }, true);
          }}
        />
      </label>
    </p>
  );
}

/** The other model has to be opened first. */
function Other({
  scene,
  layer,
  unit,
}: {
  readonly scene: Scene;
  readonly layer: string;
  readonly unit: number;
}): JSX.Element {
  const { model, engine } = scene;
  const answered = useAnswer('model', { model, engine });
  if (answered.error !== undefined) return <Failure reason={answered.error} />;
  if (answered.value === undefined)
    return <Waiting answered={answered} label={words.models.loading(model.id)} />;
  return <OneModel current={{ model: answered.value, scene }} layer={layer} unit={unit} />;
}

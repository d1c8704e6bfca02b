import type { JSX } from 'preact';
import { address, linkTo } from '../../state/address.ts';
import type { Current } from '../../state/current.ts';
import { hasPlaces, layerOf, shapeText } from '../../state/current.ts';
import { useAnswer } from '../../state/answers.ts';
import { Failure, Waiting } from '../../parts/waiting.tsx';
import { Formula } from '../../parts/formula.tsx';
import { Scale } from '../../parts/scale.tsx';
import { words } from '../../words.ts';
import { Channels } from './channels.tsx';
import { Column } from './column.tsx';
import { Histogram } from './histogram.tsx';
import { Kernels } from './kernels.tsx';
import { LayerStrip } from './strip.tsx';
import { Numbers } from './numbers.tsx';

/** All channels of one layer, what its kernels look like, and how large its numbers are. */
export function LayerView({ current }: { readonly current: Current }): JSX.Element {
  const { model, scene } = current;
  const { layer: name, unit } = address.value;
  const layer = layerOf(
    model,
    name ?? model.layers.find(({ type }) => type === 'convolution')?.name,
  );
  const answered = useAnswer('maps', layer && { ...scene, layer: layer.name });
  if (layer === undefined)
    return (
      <Failure
        reason={words.layer.none(
          name ?? '',
          model.layers.map((one) => one.name),
        )}
      />
    );
  const maps = answered.value;
  return (
    <>
      <LayerStrip model={model} chosen={layer.name} />
      <h2>
        {layer.name}{' '}
        <span class="soft">
          {words.layerTypes[layer.type]}, {shapeText(layer)}
        </span>
      </h2>
      <p>{words.layer.does[layer.type]}</p>
      <p class="soft">
        {layer.words !== '' && `${layer.words}. `}
        {words.layer.size}: <Formula text={layer.formula} />
      </p>
      {maps === undefined ? (
        <Waiting answered={answered} />
      ) : (
        <>
          <div class="bar">
            <Order />
            <Scale {...maps} />
          </div>
          {unit !== undefined && <Column current={current} layer={layer} unit={unit} />}
          {hasPlaces(layer) ? (
            <Channels maps={maps} chosen={unit} />
          ) : (
            <Numbers maps={maps} labels={labelsFor(current, layer.name)} />
          )}
          <Histogram histogram={maps.histogram} />
        </>
      )}
      {layer.type === 'convolution' && <Kernels current={current} layer={layer} unit={unit ?? 0} />}
    </>
  );
}

/** Scores and probabilities have their class's name. */
function labelsFor({ model }: Current, layer: string): readonly string[] | undefined {
  return model.layers.slice(-2).some(({ name }) => name === layer) ? model.labels : undefined;
}

function Order(): JSX.Element {
  const byNumber = address.value.order === 'number';
  return (
    <span class="buttons" role="group" aria-label={words.layer.order}>
      <a
        class="button"
        href={linkTo({ order: undefined })}
        aria-current={byNumber ? undefined : 'true'}
      >
        {words.layer.byStrength}
      </a>
      <a
        class="button"
        href={linkTo({ order: 'number' })}
        aria-current={byNumber ? 'true' : undefined}
      >
        {words.layer.byNumber}
      </a>
    </span>
  );
}

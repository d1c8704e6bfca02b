import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { KernelsAnswer, LayerFacts } from '../../compute/protocol.ts';
import { MapImage, Picture } from '../../parts/image.tsx';
import { moveFocus } from '../../parts/move-focus.ts';
import { Scale } from '../../parts/scale.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { linkTo } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { words } from '../../words.ts';

/** What a convolution's kernels look like: small pictures, or one unit's tiles. */
export function Kernels({
  current: { scene },
  layer,
  unit,
}: {
  readonly current: Current;
  readonly layer: LayerFacts;
  readonly unit: number;
}): JSX.Element {
  const { model, engine } = scene;
  const answered = useAnswer('kernels', { model, engine, layer: layer.name, unit });
  const { value } = answered;
  return (
    <section aria-labelledby="kernels">
      <h3 id="kernels">{words.layer.kernels}</h3>
      {value === undefined && <Waiting answered={answered} />}
      {value?.pictures && <KernelPictures kernels={value} />}
      {value?.tiles && (
        <>
          <p class="soft">
            {words.layer.tilesTold(unit, value.tiles.shape[0])} <Scale {...value.tiles} />
          </p>
          <KernelTiles tiles={value.tiles} />
        </>
      )}
    </section>
  );
}

function KernelPictures({
  kernels: { pictures = [], descriptions = [], layer },
}: {
  readonly kernels: KernelsAnswer;
}): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  return (
    <>
      <p class="soft">{words.layer.kernelsTold}</p>
      <ul
        class="channels kernels"
        ref={list}
        aria-label={words.layer.kernels}
        onKeyDown={(event) => moveFocus(event, list.current)}
      >
        {pictures.map((pixels, k) => (
          <li key={k}>
            <a
              href={linkTo({ view: 'layer', layer, unit: k })}
              tabIndex={k === 0 ? 0 : -1}
              aria-label={words.layer.kernelLabel(k, words.layer.kinds[descriptions[k]!.kind])}
              title={words.layer.kernelLabel(k, words.layer.kinds[descriptions[k]!.kind])}
            >
              <Picture pixels={pixels} />
              <span aria-hidden="true">{k}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function KernelTiles({
  tiles: { bytes, signed, shape, from },
}: {
  readonly tiles: NonNullable<KernelsAnswer['tiles']>;
}): JSX.Element {
  const [channels, height, width] = shape;
  const size = height * width;
  return (
    <ul class="tiles">
      {Array.from({ length: channels }, (_, c) => (
        <li key={c} title={words.channel(from + c)}>
          <MapImage
            bytes={bytes.subarray(c * size, (c + 1) * size)}
            {...{ width, height, signed }}
          />
        </li>
      ))}
    </ul>
  );
}

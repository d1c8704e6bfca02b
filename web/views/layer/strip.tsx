import type { JSX } from 'preact';
import type { ModelAnswer } from '../../compute/protocol.ts';
import { address, linkTo } from '../../state/address.ts';
import { words } from '../../words.ts';

/** All layers in their order: where one is, and what comes before and after. */
export function LayerStrip({
  model,
  chosen,
}: {
  readonly model: ModelAnswer;
  readonly chosen: string;
}): JSX.Element {
  const { view } = address.value;
  return (
    <nav class="strip" aria-label={words.layer.choose}>
      {model.layers.map(({ name, output: [channels] }) => {
        const { unit } = address.value;
        const kept = unit !== undefined && unit < channels ? unit : undefined;
        const target = {
          view: view === 'compare' ? view : 'layer',
          layer: name,
          unit: kept,
        } as const;
        return (
          <a
            key={name}
            href={linkTo({ ...target, place: undefined })}
            aria-current={name === chosen ? 'true' : undefined}
          >
            {name}
          </a>
        );
      })}
    </nav>
  );
}

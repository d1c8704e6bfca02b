import type { JSX } from 'preact';
import type { ModelAnswer } from '../compute/protocol.ts';
import { address, linkTo } from '../state/address.ts';
import { layerOf, shapeText } from '../state/current.ts';
import { words } from '../words.ts';

/** Where one is: the network, the layer, the channel, the place; and all layers to step through. */
export function Trail({ model }: { readonly model: ModelAnswer }): JSX.Element {
  const { view, layer, unit, place } = address.value;
  const found = layerOf(model, layer);
  const inLayer = view === 'layer' || view === 'unit';
  return (
    <nav class="trail" aria-label={words.trail}>
      <ol>
        <li>
          <a href={linkTo({ view: 'overview' })}>{words.views.overview}</a>
        </li>
        {!inLayer && view !== 'overview' && <li aria-current="location">{words.views[view]}</li>}
        {inLayer && found && (
          <li>
            <a href={linkTo({ view: 'layer', place: undefined })}>
              {found.name} <span class="soft">{shapeText(found)}</span>
            </a>
          </li>
        )}
        {inLayer && found && unit !== undefined && (
          <li>
            <a href={linkTo({ view: 'layer', place: undefined })}>{words.channel(unit)}</a>
          </li>
        )}
        {view === 'unit' && place && <li aria-current="location">{words.place(...place)}</li>}
      </ol>
    </nav>
  );
}

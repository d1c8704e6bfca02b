import type { JSX } from 'preact';
import type { ModelAnswer } from '../compute/protocol.ts';
import type { View } from '../state/address.ts';
import { address, linkTo, views } from '../state/address.ts';
import { words } from '../words.ts';
import { showKeys } from './keys-dialog.tsx';

export function Header({ model }: { readonly model: ModelAnswer | undefined }): JSX.Element {
  const { view } = address.value;
  return (
    <header>
      <h1>{words.title}</h1>
      <nav aria-label={words.nav}>
        {views.map((one) => (
          <a
            key={one}
            href={linkTo(changeTo(one, model))}
            aria-current={one === view ? 'page' : undefined}
          >
            {words.views[one]}
          </a>
        ))}
      </nav>
      <button type="button" class="quiet" onClick={showKeys} aria-haspopup="dialog">
        {words.keys.title}
      </button>
    </header>
  );
}

/** A layer and a number are there from the start, so that no view is ever empty. */
function changeTo(view: View, model: ModelAnswer | undefined) {
  const { layer, unit, place } = address.value;
  if (model === undefined || view === 'overview' || view === 'lesson' || view === 'why')
    return { view };
  const first = model.layers.find(({ type }) => type === 'convolution');
  const chosen = layer ?? first?.name;
  const [, height, width] = model.layers.find(({ name }) => name === chosen)?.output ?? [0, 1, 1];
  return {
    view,
    layer: chosen,
    unit: view === 'layer' ? unit : (unit ?? 0),
    place: place ?? (view === 'unit' ? ([height >> 1, width >> 1] as const) : undefined),
  };
}

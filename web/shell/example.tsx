import type { JSX } from 'preact';
import dark from '../look/example-dark.webp';
import light from '../look/example-light.webp';
import { words } from '../words.ts';

/** The overview as it was once finished, to look at until the model is there. */
export function Example(): JSX.Element {
  return (
    <figure class="example">
      <picture>
        <source srcset={dark} media="(prefers-color-scheme: dark)" />
        <img src={light} alt="" width="1568" height="1051" />
      </picture>
      <figcaption>{words.overview.example}</figcaption>
    </figure>
  );
}

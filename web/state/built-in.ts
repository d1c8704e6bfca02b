import type { ModelSource, PictureSource } from '../compute/protocol.ts';
import { words } from '../words.ts';
import type { Entry } from './library.ts';

const modelFiles = import.meta.glob<string>('../models/*.safetensors', {
  query: '?url',
  import: 'default',
  eager: true,
});
const pictureFiles = import.meta.glob<string>('../pictures/*.jpg', {
  query: '?url',
  import: 'default',
  eager: true,
});

function named(files: Readonly<Record<string, string>>): { id: string; url: string }[] {
  return Object.entries(files).map(([path, url]) => ({
    id: path
      .split('/')
      .at(-1)!
      .replace(/\.\w+$/, ''),
    url: new URL(url, document.baseURI).href,
  }));
}

/** Models of ours, each told in `words`. */
export const builtInModels: readonly Entry<ModelSource>[] = named(modelFiles).map((source) => ({
  source,
  name: words.models.told[source.id]?.name ?? source.id,
}));

/** In the order of their names in `words`. */
const order = Object.keys(words.pictures.names);

/** Pictures that we drew. */
export const builtInPictures: readonly Entry<PictureSource>[] = named(pictureFiles)
  .toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
  .map((source) => ({
    source,
    name: words.pictures.names[source.id] ?? source.id,
    url: source.url,
  }));

import { computed, signal } from '@preact/signals';
import type { ModelSource, PictureSource, Scene } from '../compute/protocol.ts';
import { words } from '../words.ts';
import { address } from './address.ts';
import { builtInModels, builtInPictures } from './built-in.ts';

/** A model or a picture that can be chosen. */
export interface Entry<Source> {
  readonly source: Source;
  readonly name: string;
  /** Of a picture: what to draw in the choice. */
  readonly url?: string;
}

export const ownModels = signal<readonly Entry<ModelSource>[]>([]);
export const ownPictures = signal<readonly Entry<PictureSource>[]>([]);

/** A file that the server put beside the app: `given/cats.safetensors`. */
function given(id: string): Entry<ModelSource> | undefined {
  const ok = /^given\/[^/\\?#]+$/.test(id);
  return ok
    ? { source: { id, url: new URL(id, document.baseURI).href }, name: id.slice(6) }
    : undefined;
}

/** All models at hand; one that stands in the address only is among them. */
export const models = computed((): readonly Entry<ModelSource>[] => {
  const known = [...builtInModels, ...ownModels.value];
  const wanted = [address.value.model, address.value.with ?? ''];
  const more = wanted.flatMap((id) => given(id) ?? []);
  return [...known, ...new Map(more.map((entry) => [entry.source.id, entry])).values()];
});

export const pictures = computed((): readonly Entry<PictureSource>[] => [
  ...builtInPictures,
  ...ownPictures.value,
]);

/** The source of a model by its id; one that is not known has no file. */
export function modelSource(id: string): ModelSource {
  return models.value.find(({ source }) => source.id === id)?.source ?? { id };
}

export function pictureSource(id: string): PictureSource {
  return pictures.value.find(({ source }) => source.id === id)?.source ?? { id };
}

/** What the address says is looked at. */
export const scene = computed((): Scene => ({
  model: modelSource(address.value.model),
  picture: pictureSource(address.value.picture),
  engine: address.value.engine ?? 'auto',
}));

let last = 0;

/** @returns its id. */
export function addModel(files: readonly File[]): string {
  const id = `own-${++last}`;
  const name = files.map((file) => file.name).join(', ');
  ownModels.value = [...ownModels.value, { source: { id, files }, name }];
  return id;
}

/** @returns the ids. */
export function addPictures(files: readonly File[]): string[] {
  const added = files.map((file): Entry<PictureSource> => {
    const id = `own-${++last}`;
    return {
      source: { id, file },
      name: file.name === '' ? words.pictures.pasted : file.name,
      url: URL.createObjectURL(file),
    };
  });
  ownPictures.value = [...ownPictures.value, ...added];
  return added.map(({ source }) => source.id);
}

import { loadPicture, preprocess } from 'alexnet/browser';
import type { Model } from 'alexnet/browser';
import type { PictureSource } from './protocol.ts';

/** Pictures by their id: the bytes are fetched once, the last few networks' inputs kept. */
export class Pictures {
  readonly #blobs = new Map<string, Promise<Blob>>();
  readonly #inputs = new Map<string, Promise<Float32Array>>();

  /**
   * The network's input `[3, crop, crop]`. @throws {Error} in words, where it is no picture.
   * @param modelId under which the input is kept.
   */
  input(source: PictureSource, modelId: string, model: Model): Promise<Float32Array> {
    const key = `${modelId}\n${source.id}`;
    const kept = this.#inputs.get(key);
    if (kept !== undefined) return kept;
    const made = this.#make(source, model);
    this.#inputs.set(key, made);
    made.catch(() => this.#inputs.delete(key));
    if (this.#inputs.size > 64) this.#inputs.delete(this.#inputs.keys().next().value!);
    return made;
  }

  async #make(source: PictureSource, { preprocessing, meanImage }: Model): Promise<Float32Array> {
    const picture = await loadPicture(await this.#blob(source), preprocessing);
    return preprocess(picture, preprocessing, 1, meanImage);
  }

  #blob({ id, url, file }: PictureSource): Promise<Blob> {
    if (file !== undefined) return Promise.resolve(file);
    if (url === undefined)
      return Promise.reject(
        new Error(
          `The picture “${id}” is not known here: own pictures live as long as the page that ` +
            `they ` +
            'were dropped on. Choose it again.',
        ),
      );
    const blob = this.#blobs.get(id) ?? fetchBlob(url);
    this.#blobs.set(id, blob);
    blob.catch(() => this.#blobs.delete(id));
    return blob;
  }
}

async function fetchBlob(url: string): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`The picture could not be fetched: ${url} answered ${response.status}.`);
  return response.blob();
}

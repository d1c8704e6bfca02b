import { importWeights } from 'alexnet/browser';
import type { Imported, ImportOptions } from 'alexnet/browser';
import type { ModelSource, Progress } from './protocol.ts';

interface Fetching {
  readonly imported: Promise<Imported>;
  readonly watchers: Set<(progress: Progress) => void>;
}

/** Models by their id, each read once. */
export class Models {
  readonly #models = new Map<string, Fetching>();

  /** @throws {Error} in words, where it cannot be fetched or read. */
  async get(source: ModelSource, progress: (progress: Progress) => void): Promise<Imported> {
    let fetching = this.#models.get(source.id);
    if (fetching === undefined) {
      const watchers = new Set<(progress: Progress) => void>();
      const tell = (progress: Progress): void => watchers.forEach((watch) => watch(progress));
      fetching = { imported: read(source, tell), watchers };
      this.#models.set(source.id, fetching);
      fetching.imported.catch(() => this.#models.delete(source.id));
    }
    fetching.watchers.add(progress);
    try {
      return await fetching.imported;
    } finally {
      fetching.watchers.delete(progress);
    }
  }
}

async function read(
  { id, url, files }: ModelSource,
  tell: (progress: Progress) => void,
): Promise<Imported> {
  if (files !== undefined) return importFiles(files);
  if (url === undefined)
    throw new Error(
      `The model “${id}” is not known here: own models live as long as the page that they were ` +
        'dropped on. Drop the file again.',
    );
  return importWeights(await download(url, tell));
}

/** Caffe's weights come with a prototxt and a mean beside them. */
async function importFiles(files: readonly File[]): Promise<Imported> {
  const ends = (...endings: string[]): File | undefined =>
    files.find(({ name }) => endings.some((ending) => name.toLowerCase().endsWith(ending)));
  const prototxt = ends('.prototxt');
  const mean = ends('.binaryproto');
  const weights = files.find((file) => file !== prototxt && file !== mean);
  if (weights === undefined)
    throw new Error(
      'Expected a file of weights (.safetensors, .pth, .pt, .onnx, .caffemodel, .npz, .npy), but ' +
        `found only ${files.map(({ name }) => name).join(', ')}.`,
    );
  const options: ImportOptions = { ...(prototxt && { prototxt }), ...(mean && { mean }) };
  return importWeights(weights, options);
}

async function download(url: string, tell: (progress: Progress) => void): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(
      `The model could not be fetched: ${url} answered ${response.status} ${response.statusText}.`,
    );
  const total = Number(response.headers.get('content-length') ?? 0);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  const reader = response.body!.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    done += part.value.length;
    tell({ done, total: Math.max(done, total) });
  }
  return new File(parts, url.split('/').at(-1) ?? 'model');
}

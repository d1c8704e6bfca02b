import { signal } from '@preact/signals';
import { go } from '../state/address.ts';
import { addModel, addPictures } from '../state/library.ts';
import { words } from '../words.ts';
import { droppedFiles } from './folders.ts';

/** What could not be opened, in words; shown until the next attempt. */
export const dropProblem = signal<string | undefined>(undefined);

/**
 * Files from anywhere: dropped, pasted or chosen. Weights become the model, pictures the
 * picture.
 */
export function openFiles(files: readonly File[]): void {
  const pictures = files.filter(isPicture);
  const weights = files.filter((file) => isWeights(file));
  dropProblem.value = undefined;
  if (weights.some(({ name }) => !/\.(prototxt|binaryproto)$/i.test(name))) {
    const model = addModel(weights);
    go({
      model,
      class: undefined,
      layer: undefined,
      unit: undefined,
      place: undefined,
      view: 'overview',
    });
  } else if (pictures.length > 0) {
    const [picture] = addPictures(pictures);
    if (picture !== undefined) go({ picture, class: undefined });
  } else if (files.length > 0) {
    dropProblem.value = words.pictures.nothing(files.map(({ name }) => name).join(', '));
  }
}

function isPicture({ type, name }: File): boolean {
  return type.startsWith('image/') || /\.(jpe?g|png|webp|avif|gif|tiff?|heic|bmp)$/i.test(name);
}

function isWeights({ name }: File): boolean {
  return /\.(safetensors|pth|pt|bin|onnx|caffemodel|prototxt|binaryproto|npz|npy)$/i.test(name);
}

export function listenForDrops(): void {
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    if (event.dataTransfer !== null) void droppedFiles(event.dataTransfer).then(openFiles);
  });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) openFiles(files);
  });
}

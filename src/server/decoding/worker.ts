/** A thread that decodes pictures, and reads requests that are so large that reading takes long. */
import { listen } from '#platform';
import sharp from 'sharp';
import { setDecodeLimits } from '../../images/decode-limits.ts';
import { loadPicture, preprocess } from '../../images/preprocess.ts';
import { UnreadablePicture } from '../../images/problem.ts';
import { parseInfer } from '../protocol/request.ts';
import { Refusal } from '../refusal.ts';
import type { Done, Reader, ToWorker, Work } from './messages.ts';

// One thread a picture: there are several workers. And no picture comes twice.
sharp.concurrency(1);
sharp.cache(false);

const readers = new Map<number, Reader>();

listen((data, answer) => {
  const message = data as ToWorker;
  if ('limits' in message) setDecodeLimits(message.limits);
  else if ('is' in message) {
    if (message.is === undefined) readers.delete(message.reader);
    else readers.set(message.reader, message.is);
  } else {
    void done(message.task, message.work).then((result) => answer(result, buffersOf(result)));
  }
});

async function done(task: number, work: Work): Promise<Done> {
  try {
    if (work.do === 'parse') return { task, request: parseInfer(work.body, work.jsonLength) };
    return { task, images: await decoded(work) };
  } catch (error) {
    if (error instanceof UnreadablePicture)
      return { task, unreadable: { kind: error.kind, detail: error.detail } };
    if (error instanceof Refusal)
      return { task, refused: { kind: error.kind, message: error.message } };
    return { task, bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function decoded(work: Work & { readonly do: 'decode' }): Promise<Float32Array> {
  const { preprocessing, meanImage } = readers.get(work.reader)!;
  const picture = await loadPicture(work.bytes, preprocessing);
  return preprocess(picture, preprocessing, work.crops, meanImage);
}

/** Handed over instead of copied. */
function buffersOf({ images, request }: Done): ArrayBuffer[] {
  const arrays = [
    images,
    ...(request?.inputs ?? []).flatMap((input) => [input.numbers, ...(input.elements ?? [])]),
  ];
  const buffers = arrays.flatMap((array) => (array === undefined ? [] : [array.buffer]));
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}

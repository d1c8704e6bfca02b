/** The app's worker: all of the library's work is done here. */
import { Lane } from './lane.ts';
import { Models } from './models.ts';
import { Opened } from './opened.ts';
import { Pictures } from './pictures.ts';
import type { Kind, Request, Response } from './protocol.ts';

const send = (response: Response, transfer: readonly Transferable[] = []): void =>
  globalThis.postMessage(response, { transfer: [...transfer] });

const models = new Models();
const pictures = new Pictures();
const lane = (): Lane => new Lane({ models, pictures, opened: new Opened(models) }, send);

/** What takes long has a session of its own, so that a click is answered meanwhile. */
const lanes = { quick: lane(), slow: lane() };
const slow: readonly Kind[] = ['maximise', 'why', 'patches'];

globalThis.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if (data.kind === 'cancel') {
    lanes.quick.cancel(data.id);
    lanes.slow.cancel(data.id);
  } else {
    lanes[slow.includes(data.kind) ? 'slow' : 'quick'].wish(data);
  }
});

/** UMAP as a thread of Node: see `umap-thread.ts`. */
import { listen, reason } from '#platform';
import { umap } from '../umap.ts';
import type { ToUmap, FromUmap } from './umap-thread.ts';

listen((message, answer) => {
  const { features, dimensions, options } = message as ToUmap;
  const tell = (said: FromUmap): void => answer(said);
  umap(features, dimensions, {
    ...options,
    progress: (done, total) => tell({ done, total }),
  }).then(
    (layout) => tell({ layout }),
    (error: unknown) => tell({ failed: reason(error) }),
  );
});

/** `#engines` on Node. */
import type { Engine } from '../engine.ts';
import { onednnEngine } from '../onednn/index.ts';
import { referenceEngine } from '../reference/index.ts';
import { wasmEngine } from '../wasm/index.ts';

export const engines: readonly Engine[] = [onednnEngine, wasmEngine, referenceEngine];

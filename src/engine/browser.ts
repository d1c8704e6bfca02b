/** `#engines` in a page. */
import type { Engine } from './engine.ts';
import { referenceEngine } from './reference/index.ts';
import { wasmEngine } from './wasm/index.ts';

export const engines: readonly Engine[] = [wasmEngine, referenceEngine];

import { canShareMemory } from '#platform';

/** Memory that threads share, where they can. */
export function makeBuffer(bytes: number): ArrayBufferLike {
  return canShareMemory() ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

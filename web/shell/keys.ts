import { useEffect } from 'preact/hooks';
import type { LayerFacts, ModelAnswer } from '../compute/protocol.ts';
import type { Address, Change } from '../state/address.ts';
import { address, go } from '../state/address.ts';
import { layerOf } from '../state/current.ts';
import { showKeys } from './keys-dialog.tsx';

/** Keys that mean the same in every view: up, and through the layers. */
export function useKeys(model: ModelAnswer | undefined): void {
  useEffect(() => {
    if (model === undefined) return undefined;
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) return;
      if (event.key === '?') {
        showKeys();
        return;
      }
      const change = changeOf(event.key, address.value, model);
      if (change === undefined) return;
      event.preventDefault();
      go(change);
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [model]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const field = target.closest('input, select, textarea, dialog');
  return field !== null && !(field instanceof HTMLInputElement && field.type === 'range');
}

/** Where a key leads; undefined where it means nothing. */
function changeOf(key: string, at: Address, model: ModelAnswer): Change | undefined {
  if (key === 'Escape') return upFrom(at);
  if (key !== '[' && key !== ']') return undefined;
  const from = model.layers.findIndex(({ name }) => name === at.layer);
  const next = model.layers[key === ']' ? from + 1 : Math.max(0, from - 1)];
  if (next === undefined || next.name === at.layer) return undefined;
  return toLayer(at, layerOf(model, at.layer), next);
}

/** To another layer; the channel and the place stay, as far as they exist there. */
function toLayer(at: Address, from: LayerFacts | undefined, next: LayerFacts): Change {
  const view = at.view === 'unit' ? 'unit' : 'layer';
  const [channels, height, width] = next.output;
  const kept = at.unit === undefined ? undefined : Math.min(at.unit, channels - 1);
  if (at.place === undefined || from === undefined)
    return { view, layer: next.name, unit: kept, place: undefined };
  const scaled = (place: number, side: 1 | 2, size: number): number =>
    Math.min(size - 1, Math.floor(((place + 0.5) * size) / from.output[side]));
  const place = [scaled(at.place[0], 1, height), scaled(at.place[1], 2, width)] as const;
  return { view, layer: next.name, unit: kept, place };
}

function upFrom({ view, unit }: Address): Change | undefined {
  switch (view) {
    case 'overview':
      return undefined;
    case 'unit':
      return { view: 'layer', place: undefined };
    case 'layer':
      return unit === undefined
        ? { view: 'overview', layer: undefined }
        : { unit: undefined, place: undefined };
    default:
      return { view: 'overview' };
  }
}

import type { JSX } from 'preact';
import type { Current } from '../../state/current.ts';

export function UnitView({ current }: { readonly current: Current }): JSX.Element {
  return <p>{current.model.id}</p>;
}

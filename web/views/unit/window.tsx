import type { JSX } from 'preact';
import type { Trace } from '../../compute/protocol.ts';
import { words } from '../../words.ts';
import { Grid, largestOf } from './grid.tsx';

/** What a pooling looks at, and which of it goes on. */
export function WindowTrace({
  trace,
}: {
  readonly trace: Extract<Trace, { readonly kind: 'maximum' | 'mean' }>;
}): JSX.Element {
  const { values, height, width } = trace.window;
  return (
    <>
      <p>{words.unit[trace.kind]}</p>
      <Grid
        values={values}
        height={height}
        width={width}
        largest={largestOf(values)}
        label={words.unit.patch}
        {...(trace.kind === 'maximum' && { marked: trace.at })}
      />
    </>
  );
}

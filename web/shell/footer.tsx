import type { JSX } from 'preact';
import type { ModelAnswer, Started } from '../compute/protocol.ts';
import type { Answered } from '../state/answers.ts';
import { address, go } from '../state/address.ts';
import { bytes } from '../format.ts';
import { words } from '../words.ts';

/** Who computes, and whether it computes rightly. */
export function Footer({
  started: { value, error },
  model,
}: {
  readonly started: Answered<Started>;
  readonly model: ModelAnswer | undefined;
}): JSX.Element {
  const { engine } = words;
  return (
    <footer>
      {value === undefined ? (
        <p role={error === undefined ? 'status' : 'alert'}>{error ?? engine.starting}</p>
      ) : (
        <>
          <label>
            {engine.choose}
            <select
              value={address.value.engine ?? 'auto'}
              onChange={({ currentTarget }) =>
                go(
                  { engine: currentTarget.value === 'auto' ? undefined : currentTarget.value },
                  true,
                )
              }
            >
              <option value="auto">{engine.auto(value.chosen)}</option>
              {value.engines.map(({ name, available }) => (
                <option key={name} value={name} disabled={!available}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <p>
            {value.reason}{' '}
            {model && `${engine.threads(model.threads)}, ${bytes(model.memoryBytes)}; `}
            <Check started={value} />
          </p>
          {!value.canvasTrue && <p role="alert">{engine.canvas}</p>}
        </>
      )}
      <p>{engine.local}</p>
    </footer>
  );
}

function Check({ started }: { readonly started: Started }): JSX.Element {
  const { difference, tolerance } = started;
  const small = difference.toExponential(1).replaceAll('-', '−');
  if (difference <= tolerance) return <span data-check="held">{words.engine.held(small)}.</span>;
  return (
    <strong role="alert" data-check="off">
      {words.engine.off(small, String(tolerance))}.
    </strong>
  );
}

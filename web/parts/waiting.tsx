import type { ComponentChildren, JSX } from 'preact';
import type { Progress } from '../compute/protocol.ts';
import type { Answered } from '../state/answers.ts';
import { linkTo } from '../state/address.ts';
import { words } from '../words.ts';

/** What one sees until an answer is there, or why there is none. */
export function Waiting({
  answered,
  label = words.pending,
}: {
  readonly answered: Answered<unknown>;
  readonly label?: string;
}): JSX.Element | null {
  if (answered.error !== undefined) return <Failure reason={answered.error} />;
  if (!answered.pending) return null;
  return (
    <p class="waiting" role="status">
      {label}
      {answered.progress && <Bar progress={answered.progress} label={label} />}
    </p>
  );
}

export function Bar({
  progress: { done, total },
  label,
}: {
  readonly progress: Progress;
  readonly label: string;
}): JSX.Element {
  return (
    <>
      {' '}
      <progress max={total} value={done} aria-label={label} />
    </>
  );
}

export function Failure({
  reason,
  children,
}: {
  readonly reason: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="failure" role="alert">
      <strong>{words.failed}.</strong> {reason}
      {children ?? (
        <p>
          <a
            href={linkTo({ view: 'overview', layer: undefined, unit: undefined, place: undefined })}
          >
            {words.home}
          </a>
        </p>
      )}
    </div>
  );
}

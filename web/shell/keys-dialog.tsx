import type { JSX } from 'preact';
import { words } from '../words.ts';

/** The keys, in a dialog of the browser's own. */
export function KeysDialog(): JSX.Element {
  return (
    <dialog id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">{words.keys.title}</h2>
      <dl>
        {words.keys.list.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">{words.pictures.close}</button>
      </form>
    </dialog>
  );
}

export function showKeys(): void {
  document.querySelector<HTMLDialogElement>('#keys')?.showModal();
}

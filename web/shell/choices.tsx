import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { ModelAnswer } from '../compute/protocol.ts';
import { address, go } from '../state/address.ts';
import { models, pictures } from '../state/library.ts';
import { words } from '../words.ts';
import { openFiles } from './drops.ts';
import { ModelFacts } from './model-facts.tsx';
import { Sheet } from './sheet.tsx';

/** Which model looks at which picture. */
export function Choices({ model }: { readonly model: ModelAnswer | undefined }): JSX.Element {
  return (
    <section class="choices" aria-label={`${words.models.choose}, ${words.pictures.choose}`}>
      <ModelChoice model={model} />
      <PictureChoice />
    </section>
  );
}

function ModelChoice({ model }: { readonly model: ModelAnswer | undefined }): JSX.Element {
  const fresh = { class: undefined, layer: undefined, unit: undefined, place: undefined };
  return (
    <div class="choice">
      <label>
        {words.models.choose}
        <select
          value={address.value.model}
          onChange={({ currentTarget }) =>
            go({
              model: currentTarget.value,
              ...(address.value.view === 'unit' ? { view: 'overview', ...fresh } : fresh),
            })
          }
        >
          {models.value.map(({ source, name }) => (
            <option key={source.id} value={source.id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <FileButton label={words.models.open} hint={words.models.hint} />
      {model && <ModelFacts model={model} />}
    </div>
  );
}

function PictureChoice(): JSX.Element {
  const { picture } = address.value;
  return (
    <div class="choice">
      <fieldset class="pictures">
        <legend>{words.pictures.choose}</legend>
        {pictures.value.map(({ source, name, url }) => (
          <label key={source.id} title={name}>
            <input
              type="radio"
              name="picture"
              value={source.id}
              checked={source.id === picture}
              onChange={() => go({ picture: source.id, class: undefined })}
            />
            <img src={url} alt={name} width="40" height="40" />
          </label>
        ))}
      </fieldset>
      <div class="buttons">
        <FileButton label={words.pictures.open} hint={words.pictures.hint} accept="image/*" />
        <FileButton label={words.pictures.folder} hint={words.pictures.hint} folder />
        <Sheet />
      </div>
    </div>
  );
}

/** A button that opens files; the field behind it is the browser's own. */
function FileButton({
  label,
  hint,
  accept,
  folder = false,
}: {
  readonly label: string;
  readonly hint: string;
  readonly accept?: string;
  readonly folder?: boolean;
}): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const choose = (): void => {
    const { current } = field;
    if (current?.files) openFiles([...current.files]);
    if (current) current.value = '';
  };
  const only = {
    ...(accept !== undefined && { accept }),
    ...(folder && { webkitdirectory: true }),
  };
  return (
    <>
      <button type="button" title={hint} onClick={() => field.current?.click()}>
        {label}
      </button>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        aria-label={label}
        onChange={choose}
        {...only}
      />
    </>
  );
}

import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Answered } from '../state/answers.ts';
import { useAnswer } from '../state/answers.ts';
import { address } from '../state/address.ts';
import type { ModelAnswer, Started } from '../compute/protocol.ts';
import { modelSource, models, pictureSource } from '../state/library.ts';
import { palettes } from '../parts/palette.ts';
import { Failure, Waiting } from '../parts/waiting.tsx';
import { words } from '../words.ts';
import { Choices } from './choices.tsx';
import { dropProblem } from './drops.ts';
import { Example } from './example.tsx';
import { Footer } from './footer.tsx';
import { Header } from './header.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { useKeys } from './keys.ts';
import { keepForNextVisit } from './offline.ts';
import { Trail } from './trail.tsx';
import { View } from './view.tsx';

/** The page: what is chosen above, where one is, the view, and who computes below. */
export function App(): JSX.Element {
  const { model: id, picture, engine = 'auto' } = address.value;
  const started = useAnswer('start', { engine });
  usePalettes(started);
  const answered = useAnswer('model', { model: modelSource(id), engine });
  const model = answered.value;
  useKeys(model);
  useKept(model === undefined ? undefined : modelSource(id).url);
  return (
    <>
      <a class="skip" href="#main" onClick={toMain}>
        {words.skip}
      </a>
      <Header model={model} />
      <Choices model={model} />
      {model && <Trail model={model} />}
      <main id="main" tabIndex={-1}>
        {dropProblem.value !== undefined && <Failure reason={dropProblem.value} />}
        {model === undefined ? (
          <>
            <Waiting answered={answered} label={words.models.loading(nameOf(id))} />
            {answered.pending && address.value.view === 'overview' && <Example />}
          </>
        ) : (
          <View current={{ model, scene: sceneOf(id, picture, engine) }} />
        )}
      </main>
      <Footer started={started} model={model} />
      <KeysDialog />
    </>
  );
}

function sceneOf(model: string, picture: string, engine: string) {
  return { model: modelSource(model), picture: pictureSource(picture), engine };
}

function nameOf(id: ModelAnswer['id']): string {
  return models.value.find(({ source }) => source.id === id)?.name ?? id;
}

/** A fragment that is no address must not become one. */
function toMain(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

function useKept(url: string | undefined): void {
  useEffect(() => {
    // Where a browser gives no room, the model is fetched again next time.
    if (url !== undefined) keepForNextVisit(url).catch(() => undefined);
  }, [url]);
}

function usePalettes({ value }: Answered<Started>): void {
  useEffect(() => {
    if (value !== undefined) palettes.value = value.palettes;
  }, [value]);
}

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LessonParts } from 'alexnet/browser';
import { windowStrip } from 'alexnet/browser';
import { Formula } from '../../parts/formula.tsx';
import { words } from '../../words.ts';
import { TableView } from './figures.tsx';
import { Text } from './text.tsx';

interface Numbers {
  readonly n: number;
  readonly k: number;
  readonly p: number;
  readonly s: number;
}

const names = ['n', 'k', 'p', 's'] as const;
const least: Numbers = { n: 1, k: 1, p: 0, s: 1 };

/** The formula of sizes, with the reader's own numbers. */
export function PlayView({
  play: { text, presets, still },
}: {
  readonly play: LessonParts.Play;
}): JSX.Element {
  const [numbers, setNumbers] = useState<Numbers>(presets[0]!);
  const { lesson } = words;
  return (
    <section class="play" aria-label={lesson.yours}>
      <p>
        <Text text={text} />
      </p>
      <div class="buttons">
        {presets.map((preset) => (
          <button key={preset.name} type="button" onClick={() => setNumbers(preset)}>
            {preset.name}
          </button>
        ))}
      </div>
      <div class="fields">
        {names.map((name) => (
          <label key={name}>
            {lesson.fields[name]}
            <input
              type="number"
              min={least[name]}
              max={1024}
              value={numbers[name]}
              aria-invalid={wrongOf(numbers) === name}
              onInput={({ currentTarget }) =>
                setNumbers({ ...numbers, [name]: currentTarget.valueAsNumber })
              }
            />
          </label>
        ))}
      </div>
      <div role="status">
        <Worked numbers={numbers} />
      </div>
      <TableView table={still} />
    </section>
  );
}

function wrongOf(numbers: Numbers): keyof Numbers | undefined {
  return names.find((name) => {
    const value = numbers[name];
    return !Number.isInteger(value) || value < least[name] || value > 1024;
  });
}

function Worked({ numbers }: { readonly numbers: Numbers }): JSX.Element {
  const { lesson } = words;
  const wrong = wrongOf(numbers);
  if (wrong !== undefined) return <p>{lesson.whole(wrong, least[wrong])}</p>;
  const { n, k, p, s } = numbers;
  const room = n - k + 2 * p;
  if (room < 0) return <p>{lesson.tooLarge(k, n)}</p>;
  const output = Math.floor(room / s) + 1;
  return (
    <>
      <p>
        <Formula text={`floor((${n} − ${k} + 2·${p})/${s}) + 1 = ${output}`} />{' '}
        {lesson.seen(room - (output - 1) * s)}
      </p>
      <svg
        class="window"
        viewBox="0 0 400 92"
        aria-hidden="true"
        dangerouslySetInnerHTML={{ __html: windowStrip({ n, k, p, s }) }}
      />
    </>
  );
}

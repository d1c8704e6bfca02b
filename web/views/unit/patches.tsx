import type { JSX } from 'preact';
import type { LayerFacts } from '../../compute/protocol.ts';
import { Picture } from '../../parts/image.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { linkTo } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { pictures } from '../../state/library.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';

/** Of the pictures at hand, the patches that excite the channel most. */
export function Patches({
  current: { scene },
  layer,
  unit,
}: {
  readonly current: Current;
  readonly layer: LayerFacts;
  readonly unit: number;
}): JSX.Element {
  const sources = pictures.value.map(({ source }) => source);
  const answered = useAnswer('patches', { ...scene, layer: layer.name, unit, pictures: sources });
  const { value } = answered;
  const nameOf = (id: string): string =>
    pictures.value.find(({ source }) => source.id === id)?.name ?? id;
  return (
    <section aria-labelledby="patches">
      <h3 id="patches">{words.unit.patches}</h3>
      <p class="soft">{words.unit.patchesTold}</p>
      {value === undefined ? (
        <Waiting answered={answered} />
      ) : (
        <ul class="patches">
          {value.patches.map(({ picture, value: reached, y, x, pixels }) => (
            <li key={picture}>
              <a href={linkTo({ picture, place: [y, x] })}>
                <Picture pixels={pixels} cells={pixels.width < 40} />
                <span>{words.unit.patch1(nameOf(picture), number(reached))}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

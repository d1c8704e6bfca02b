import type { JSX } from 'preact';
import type { Scene } from '../../compute/protocol.ts';
import { Waiting } from '../../parts/waiting.tsx';
import { useAnswer } from '../../state/answers.ts';
import { count, number } from '../../format.ts';
import { words } from '../../words.ts';

/** How large a model's weights are, tensor by tensor. */
export function WeightsTable({ scene: { model, engine } }: { readonly scene: Scene }): JSX.Element {
  const answered = useAnswer('weights', { model, engine });
  const { value } = answered;
  return (
    <details>
      <summary>{words.compare.weights}</summary>
      {value === undefined ? (
        <Waiting answered={answered} />
      ) : (
        <div class="scrolls" tabIndex={0} role="region" aria-label={words.compare.weights}>
          <table>
            <thead>
              <tr>
                {words.compare.weightsColumns.map((title, i) => (
                  <th key={title} scope="col" class={i > 0 ? 'n' : undefined}>
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {value.parameters.map(({ name, numbers, mean, deviation, largest, least }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="n">{count(numbers)}</td>
                  <td class="n">{number(mean)}</td>
                  <td class="n">{number(deviation)}</td>
                  <td class="n">{number(Math.max(largest, -least))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

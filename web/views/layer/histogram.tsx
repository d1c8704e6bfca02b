import type { JSX } from 'preact';
import type { Histogram as Counted } from '../../compute/protocol.ts';
import { count, number, percent } from '../../format.ts';
import { words } from '../../words.ts';

const [width, height] = [480, 120];

/** How often numbers of which size occur; the table behind it says the same. */
export function Histogram({ histogram }: { readonly histogram: Counted }): JSX.Element {
  const { low, high, counts, zeros, numbers } = histogram;
  const most = Math.max(1, ...counts);
  const step = width / counts.length;
  const told = words.layer.histogramTold(percent(zeros / numbers), number(low), number(high));
  return (
    <section aria-labelledby="histogram">
      <h3 id="histogram">{words.layer.histogram}</h3>
      <svg class="histogram" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={told}>
        {counts.map((many, i) => (
          <rect
            key={i}
            x={i * step}
            width={step - 1}
            y={height - (many / most) * height}
            height={(many / most) * height}
          />
        ))}
      </svg>
      <p class="soft">{told}</p>
      <details>
        <summary>{words.unit.written}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.layer.between}</th>
              <th scope="col" class="n">
                {words.layer.many}
              </th>
            </tr>
          </thead>
          <tbody>
            {counts.map((many, i) => (
              <tr key={i}>
                <th scope="row">
                  {number(low + (i * (high - low)) / counts.length)} –{' '}
                  {number(low + ((i + 1) * (high - low)) / counts.length)}
                </th>
                <td class="n">{count(many)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

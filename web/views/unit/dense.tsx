import type { JSX } from 'preact';
import type { Trace } from '../../compute/protocol.ts';
import { MapImage } from '../../parts/image.tsx';
import { Scale } from '../../parts/scale.tsx';
import { linkTo } from '../../state/address.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';
import { Sum } from './convolution.tsx';

type Dense = Extract<Trace, { readonly kind: 'dense' }>;

/** The products that count most, what all the others add, the bias, and the sum. */
export function DenseTrace({ trace }: { readonly trace: Dense }): JSX.Element {
  const { below, inputs, largest, rest, restCount, bias, places } = trace;
  const told = largest.reduce((sum, { input, weight }) => sum + input * weight, 0);
  const { unit } = words;
  return (
    <>
      <p>{unit.dense(below, inputs)}</p>
      <div class="pair">
        <div class="scrolls">
          <table>
            <thead>
              <tr>
                <th scope="col">{below}</th>
                <th scope="col" class="n">
                  {unit.input}
                </th>
                <th scope="col" class="n">
                  {unit.weight}
                </th>
                <th scope="col" class="n">
                  {unit.product}
                </th>
              </tr>
            </thead>
            <tbody>
              {largest.map((one) => (
                <Row key={one.index} trace={trace} one={one} />
              ))}
            </tbody>
          </table>
        </div>
        {places && (
          <figure>
            <MapImage class="places" {...places} label={unit.places} />
            <figcaption>
              {unit.places} <Scale {...places} />
            </figcaption>
          </figure>
        )}
      </div>
      <dl class="sums">
        <Sum name={unit.otherInputs(restCount)} value={rest} />
        <Sum name={unit.bias} value={bias} />
        <Sum name={unit.sum} value={told + rest + bias} total />
      </dl>
    </>
  );
}

function Row({
  trace: { below, belowShape },
  one: { index, input, weight },
}: {
  readonly trace: Dense;
  readonly one: Dense['largest'][number];
}): JSX.Element {
  const [, height, width] = belowShape;
  const size = height * width;
  const channel = Math.floor(index / size);
  const place = [Math.floor((index % size) / width), index % width] as const;
  const name = size === 1 ? String(channel) : `${channel}, ${words.place(...place)}`;
  return (
    <tr>
      <th scope="row">
        <a href={linkTo({ view: 'unit', layer: below, unit: channel, place })}>{name}</a>
      </th>
      <td class="n">{number(input)}</td>
      <td class="n">{number(weight)}</td>
      <td class="n">{number(input * weight)}</td>
    </tr>
  );
}

import type { ComponentChildren, JSX } from 'preact';
import type { Trace } from '../../compute/protocol.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';

type Of<K extends Trace['kind']> = Extract<Trace, { readonly kind: K }>;

/** A formula with its numbers, as MathML. */
function Line({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <p class="formula">
      <math display="block">{children}</math>
    </p>
  );
}

function Equals({ value }: { readonly value: number }): JSX.Element {
  return (
    <>
      <mo>=</mo>
      <mn>{number(value)}</mn>
    </>
  );
}

/** Layers that change each number by itself. */
export function Elementwise({
  trace,
  value,
}: {
  readonly trace: Of<'relu' | 'tanh' | 'dropout' | 'input'>;
  readonly value: number;
}): JSX.Element {
  const { unit } = words;
  switch (trace.kind) {
    case 'relu':
      return (
        <Line>
          <mi>max</mi>
          <mo>(</mo>
          <mn>0</mn>
          <mo>,</mo>
          <mn>{number(trace.from)}</mn>
          <mo>)</mo>
          <Equals value={value} />
        </Line>
      );
    case 'tanh':
      return (
        <Line>
          <mi>tanh</mi>
          <mo>(</mo>
          <mn>{number(trace.from)}</mn>
          <mo>)</mo>
          <Equals value={value} />
        </Line>
      );
    case 'dropout':
      return (
        <>
          <p>{trace.factor === 1 ? unit.dropoutNone : unit.dropout}</p>
          <Line>
            <mn>{number(trace.from)}</mn>
            <mo>×</mo>
            <mn>{number(trace.factor)}</mn>
            <Equals value={value} />
          </Line>
        </>
      );
    case 'input':
      return <InputFormula trace={trace} value={value} />;
  }
}

function InputFormula({
  trace,
  value,
}: {
  readonly trace: Of<'input'>;
  readonly value: number;
}): JSX.Element {
  return (
    <>
      <p>{words.unit.inputTold}</p>
      <Line>
        <mfrac>
          <mrow>
            <mn>{trace.byte}</mn>
            {trace.scale !== 1 && (
              <>
                <mo>×</mo>
                <mn>{number(trace.scale)}</mn>
              </>
            )}
            <mo>−</mo>
            <mn>{number(trace.mean)}</mn>
          </mrow>
          <mn>{number(trace.deviation)}</mn>
        </mfrac>
        <Equals value={value} />
      </Line>
    </>
  );
}

export function LrnTrace({
  trace: { from, neighbours, squares, alpha, beta, k },
  value,
}: {
  readonly trace: Of<'lrn'>;
  readonly value: number;
}): JSX.Element {
  return (
    <>
      <p>{words.unit.lrn}</p>
      <Line>
        <mfrac>
          <mn>{number(from)}</mn>
          <msup>
            <mrow>
              <mo>(</mo>
              <mn>{number(k)}</mn>
              <mo>+</mo>
              <mn>{number(alpha)}</mn>
              <mo>×</mo>
              <mn>{number(squares)}</mn>
              <mo>)</mo>
            </mrow>
            <mn>{beta}</mn>
          </msup>
        </mfrac>
        <Equals value={value} />
      </Line>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.unit.lrnMap}</th>
            <th scope="col" class="n">
              {words.unit.input}
            </th>
            <th scope="col" class="n">
              {words.unit.square}
            </th>
          </tr>
        </thead>
        <tbody>
          {neighbours.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td class="n">{number(one.value)}</td>
              <td class="n">{number(one.value ** 2)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{words.unit.sum}</th>
            <td />
            <td class="n">{number(squares)}</td>
          </tr>
        </tfoot>
      </table>
    </>
  );
}

export function SoftmaxTrace({
  trace: { scores, unit, sum, largest },
  value,
  labels,
}: {
  readonly trace: Of<'softmax'>;
  readonly value: number;
  readonly labels: readonly string[];
}): JSX.Element {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const power = (score: number): JSX.Element => (
    <msup>
      <mi>e</mi>
      <mn>{number(score)}</mn>
    </msup>
  );
  return (
    <>
      <p>{words.unit.softmax}</p>
      <Line>
        <mfrac>
          {power(scores[unit]!)}
          <mrow>
            {order.slice(0, 3).map((index) => (
              <>
                {power(scores[index]!)}
                <mo>+</mo>
              </>
            ))}
            <mo>…</mo>
          </mrow>
        </mfrac>
        <mo>=</mo>
        <mfrac>
          <mn>{number(Math.exp(scores[unit]! - largest))}</mn>
          <mn>{number(sum)}</mn>
        </mfrac>
        <Equals value={value} />
      </Line>
      <p class="soft">{words.unit.softmaxScaled(labels[unit] ?? '', number(largest))}</p>
    </>
  );
}

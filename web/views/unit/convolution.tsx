import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ModelAnswer, Trace } from '../../compute/protocol.ts';
import { layerOf } from '../../state/current.ts';
import { number } from '../../format.ts';
import { words } from '../../words.ts';
import { Grid, largestOf } from './grid.tsx';

type Convolution = Extract<Trace, { readonly kind: 'convolution' }>;

/** How many channels are written out at first; a button shows more. */
const atFirst = 3;

/** Patch × kernel, channel by channel, those that count most first, and the sum of all. */
export function ConvolutionTrace({
  trace,
  model,
  layer,
}: {
  readonly trace: Convolution;
  readonly model: ModelAnswer;
  readonly layer: string;
}): JSX.Element {
  const [shown, setShown] = useState(atFirst);
  const { shape, sums, from, below, bias } = trace;
  const [channels] = shape;
  const order = Array.from(sums, (_, c) => c);
  if (channels > 3) order.sort((a, b) => Math.abs(sums[b]!) - Math.abs(sums[a]!));
  const told = order.slice(0, shown);
  const rest = order.slice(shown).reduce((sum, c) => sum + sums[c]!, 0);
  const about = layerOf(model, layer)!.layer;
  const all = words.unit.channelsRange(from, from + channels - 1);
  const scales = {
    patch: largestOf(trace.patch),
    kernel: largestOf(trace.kernel),
    product: largestOf(trace.patch.map((value, i) => value * trace.kernel[i]!)),
  };
  return (
    <>
      <p>
        {words.unit.convolution(below, all)}
        {about.type === 'convolution' && about.groups > 1 && ` ${words.unit.towers}`}
      </p>
      <ol class="products">
        {told.map((c) => (
          <li key={c}>
            <Product trace={trace} channel={c} scales={scales} />
          </li>
        ))}
      </ol>
      <dl class="sums">
        {channels > told.length && (
          <Sum name={words.unit.others(channels - told.length)} value={rest} />
        )}
        <Sum name={words.unit.bias} value={bias} />
        <Sum name={words.unit.sum} value={sums.reduce((sum, value) => sum + value, bias)} total />
      </dl>
      {channels > told.length && (
        <button type="button" onClick={() => setShown(shown + 12)}>
          {words.unit.more}
        </button>
      )}
    </>
  );
}

function Product({
  trace: { shape, patch, kernel, sums, from, below },
  channel,
  scales,
}: {
  readonly trace: Convolution;
  readonly channel: number;
  readonly scales: Readonly<Record<'patch' | 'kernel' | 'product', number>>;
}): JSX.Element {
  const [, height, width] = shape;
  const size = height * width;
  const [start, end] = [channel * size, (channel + 1) * size];
  const seen = patch.subarray(start, end);
  const weights = kernel.subarray(start, end);
  const { unit } = words;
  const colour = shape[0] === 3 && from === 0 ? unit.colours[channel] : undefined;
  const size3 = { height, width };
  return (
    <figure class="product">
      <figcaption>
        {below}, {colour ?? words.channel(from + channel)}
      </figcaption>
      <div>
        <Grid {...size3} values={seen} largest={scales.patch} label={unit.patch} />
        <span class="sign">×</span>
        <Grid {...size3} values={weights} largest={scales.kernel} label={unit.kernel} />
        <span class="sign">=</span>
        <Grid
          {...size3}
          values={seen.map((value, i) => value * weights[i]!)}
          largest={scales.product}
          label={unit.product}
        />
        <span class="sign">
          Σ <span class="n">{number(sums[channel]!)}</span>
        </span>
      </div>
    </figure>
  );
}

export function Sum({
  name,
  value,
  total = false,
}: {
  readonly name: string;
  readonly value: number;
  readonly total?: boolean;
}): JSX.Element {
  return (
    <div class={total ? 'total' : undefined}>
      <dt>{name}</dt>
      <dd class="n">{number(value)}</dd>
    </div>
  );
}

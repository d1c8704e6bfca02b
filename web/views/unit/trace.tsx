import type { JSX } from 'preact';
import type { ModelAnswer, NumberAnswer, Trace } from '../../compute/protocol.ts';
import { linkTo } from '../../state/address.ts';
import { layerOf } from '../../state/current.ts';
import { words } from '../../words.ts';
import { ConvolutionTrace } from './convolution.tsx';
import { DenseTrace } from './dense.tsx';
import { Elementwise, LrnTrace, SoftmaxTrace } from './formulas.tsx';
import { WindowTrace } from './window.tsx';

/** How the number is made, by its layer's formula; and the numbers that it is made of. */
export function TraceView({
  answer,
  model,
}: {
  readonly answer: NumberAnswer;
  readonly model: ModelAnswer;
}): JSX.Element {
  return (
    <>
      {traceOf(answer, model)}
      <Below answer={answer} model={model} />
    </>
  );
}

function traceOf(answer: NumberAnswer, model: ModelAnswer): JSX.Element {
  const { trace } = answer;
  switch (trace.kind) {
    case 'convolution':
      return <ConvolutionTrace trace={trace} model={model} layer={answer.layer} />;
    case 'dense':
      return <DenseTrace trace={trace} />;
    case 'maximum':
    case 'mean':
      return <WindowTrace trace={trace} />;
    case 'lrn':
      return <LrnTrace trace={trace} value={answer.reckoned} />;
    case 'softmax':
      return <SoftmaxTrace trace={trace} value={answer.reckoned} labels={model.labels} />;
    default:
      return <Elementwise trace={trace} value={answer.reckoned} />;
  }
}

/** A link to the number below that matters most to this one. */
function Below({ answer, model }: { readonly answer: NumberAnswer; readonly model: ModelAnswer }) {
  const at = model.layers.findIndex(({ name }) => name === answer.layer);
  const below = model.layers[at - 1];
  if (below === undefined) return null;
  const { unit, place } = mainInput(answer, answer.trace, layerOf(model, below.name)!.output);
  const link = linkTo({ view: 'unit', layer: below.name, unit, place });
  return (
    <p>
      {words.unit.below}{' '}
      <a href={link}>
        {below.name}, {words.channel(unit)}, {words.place(...place)}
      </a>
    </p>
  );
}

interface Input {
  readonly unit: number;
  readonly place: readonly [number, number];
}

function mainInput(
  { unit, y, x }: NumberAnswer,
  trace: Trace,
  [, height, width]: readonly [number, number, number],
): Input {
  const inside = (place: readonly [number, number]): readonly [number, number] => [
    Math.max(0, Math.min(height - 1, place[0])),
    Math.max(0, Math.min(width - 1, place[1])),
  ];
  switch (trace.kind) {
    case 'maximum':
      return { unit, place: [trace.window.top + trace.at[0], trace.window.left + trace.at[1]] };
    case 'mean':
      return { unit, place: inside([trace.window.top, trace.window.left]) };
    case 'convolution': {
      const [, rows, columns] = trace.shape;
      const best = trace.patch.reduce(
        (most, value, i) =>
          value * trace.kernel[i]! > trace.patch[most]! * trace.kernel[most]! ? i : most,
        0,
      );
      const place = inside([
        trace.top + (Math.floor(best / columns) % rows),
        trace.left + (best % columns),
      ]);
      return { unit: trace.from + Math.floor(best / (rows * columns)), place };
    }
    case 'dense': {
      const { index } = trace.largest[0]!;
      const size = height * width;
      const place = [Math.floor((index % size) / width), index % width] as const;
      return { unit: Math.floor(index / size), place };
    }
    default:
      return { unit, place: [y, x] };
  }
}

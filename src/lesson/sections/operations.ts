/** Each operation on numbers small enough to check by hand, computed by the reference engine. */
import { softmax } from '../../engine/loss.ts';
import { convolution } from '../../engine/reference/convolution.ts';
import { dropoutFactors } from '../../engine/reference/dropout.ts';
import { lrn } from '../../engine/reference/lrn.ts';
import { maxPool, windowSpans } from '../../engine/reference/pool.ts';
import { relu } from '../../engine/reference/relu.ts';
import type { DropoutLayer, LrnLayer, Shape } from '../../network/layer.ts';
import { dividedAlpha } from '../../network/layer.ts';
import { layer, paper } from '../count.ts';
import { reluDrawing } from '../figures/curves.ts';
import type { Block, Grid, Section } from '../lesson.ts';
import { measured } from '../measured.ts';
import { ablations, published } from '../published.ts';

export function operations(): Section {
  return {
    id: 'operations',
    title: 'Six operations, by hand',
    blocks: [
      {
        kind: 'text',
        text:
          'The whole network is made of six operations. Here each is worked out on a few ' +
          'numbers. ' +
          'The results come from this project’s reference engine; check them with pencil and ' +
          'paper.',
      },
      ...convolutionByHand(),
      ...reluByHand(),
      ...lrnByHand(),
      ...poolingByHand(),
      ...dropoutByHand(),
      ...softmaxByHand(),
      {
        kind: 'try',
        tries: [
          {
            kind: 'command',
            command:
              'inspect story demo/run/model.safetensors demo/pictures/test/star/star-0330.png',
            shows: 'one image through all layers; choose a map to see one of its sums in numbers',
          },
        ],
      },
    ],
  };
}

const noPadding = { top: 0, right: 0, bottom: 0, left: 0 } as const;

function rowsOf(values: ArrayLike<number>, columns: number, digits = 0): string[][] {
  const rows: string[][] = [];
  for (let from = 0; from < values.length; from += columns) {
    rows.push(Array.from({ length: columns }, (_, i) => show(values[from + i]!, digits)));
  }
  return rows;
}

/** A number with so many digits behind the point and a true minus. */
function show(value: number, digits = 0): string {
  return value.toFixed(digits).replace('-', '−');
}

function cells(rows: number, columns: number, top = 0, left = 0): [number, number][] {
  return Array.from({ length: rows * columns }, (_, i) => [
    top + Math.floor(i / columns),
    left + (i % columns),
  ]);
}

function convolutionByHand(): Block[] {
  const input = Float64Array.of(1, 1, 5, 5, 1, 1, 5, 5, 1, 1, 5, 5, 1, 1, 1, 1);
  const kernel = Float64Array.of(-1, 0, 1, -1, 0, 1, -1, 0, 1);
  const bias = Float64Array.of(1);
  const output = new Float64Array(4);
  convolution(
    {
      layer: { groups: 1 },
      window: { kernel: [3, 3], stride: [1, 1], padding: noPadding },
      input: [1, 4, 4],
      output: [1, 2, 2],
    },
    input,
    kernel,
    bias,
    1,
    output,
  );
  const products = cells(3, 3).map(([y, x]) => {
    const weight = show(kernel[y * 3 + x]!);
    return `${weight.startsWith('−') ? `(${weight})` : weight}·${input[y * 4 + x]!}`;
  });
  return [
    { kind: 'heading', text: 'Convolution: where is this pattern?' },
    {
      kind: 'text',
      text:
        'A kernel slides over the map. At each place it multiplies what it sees with its weights ' +
        'and adds all products and a bias. This kernel asks: dark on the left, bright on the ' +
        'right? The same weights serve everywhere, so a pattern is found wherever it is.',
    },
    {
      kind: 'arithmetic',
      caption: 'The marked window gives the marked output.',
      parts: [
        { label: 'input 4×4', rows: rowsOf(input, 4), marked: cells(3, 3) },
        '∗',
        { label: 'kernel 3×3, bias 1', rows: rowsOf(kernel, 3) },
        '=',
        { label: 'output 2×2', rows: rowsOf(output, 2), marked: [[0, 0]] },
      ],
    },
    { kind: 'formula', lines: [`${products.join(' + ')} + 1 = ${show(output[0]!)}`] },
    {
      kind: 'text',
      text:
        'The kernel is not mirrored: what the field calls convolution is a correlation. ' +
        'In AlexNet a kernel is also deep: it adds over all channels that it reads.',
    },
  ];
}

function reluByHand(): Block[] {
  const input = Float64Array.of(-2, -0.5, 0, 1, 3);
  const output = new Float64Array(input.length);
  relu(input, input.length, output);
  const slope = 1 - Math.tanh(3) ** 2;
  return [
    { kind: 'heading', text: 'ReLU: keep what is positive' },
    {
      kind: 'arithmetic',
      caption: 'max(0, x) for each number by itself.',
      parts: [
        { label: 'x', rows: [Array.from(input, (x) => show(x, Number.isInteger(x) ? 0 : 1))] },
        '→',
        { label: 'max(0, x)', rows: [Array.from(output, (x) => show(x))] },
      ],
    },
    {
      kind: 'figure',
      id: 'relu',
      caption:
        `At x = 3 the slope of tanh is ${slope.toFixed(3)}, that of ReLU is 1. ` +
        'Learning follows slopes: where a curve is flat, little is learned.',
      alt: 'ReLU rises without end; tanh bends and stays below 1.',
      drawing: reluDrawing(),
      size: 'narrow',
    },
    {
      kind: 'claims',
      claims: [
        {
          claim: 'ReLU makes training faster. That was its point.',
          evidence: [
            {
              from: 'paper',
              where: '§3.1 and Figure 1',
              says:
                'a four-layer network reaches 25 % training error on CIFAR-10 six times sooner ' +
                'with ReLU than with tanh. The cause given is saturation: tanh becomes flat.',
            },
            {
              from: 'measured',
              command: measured.reluExperiment.command,
              says:
                `${measured.reluExperiment.value} times sooner on 1,500 drawn images, with a ` +
                'network of four layers, each activation at its best rate; 95 % interval 3.40 to ' +
                '4.06. It depends on how the weights start.',
              noted: measured.reluExperiment,
            },
          ],
          tries: [
            {
              kind: 'command',
              command: 'experiment relu',
              shows:
                'Figure 1 on this machine: both curves, six seeds, the factor with its interval',
              slow:
                'Shown at this scale: tanh takes 3.72 times as many epochs as ReLU to 25 % ' +
                'training error (95 % interval 3.40 to 4.06 times, 6 pairs).',
            },
          ],
        },
      ],
    },
  ];
}

function normalised(values: readonly number[]): number[] {
  const input = Float64Array.from(values);
  const output = new Float64Array(values.length);
  const shape: Shape = [values.length, 1, 1];
  const rule = paper.find((each): each is LrnLayer => each.type === 'lrn')!;
  lrn({ ...rule, groups: 1 }, shape, input, 1, output);
  return [...output];
}

function lrnByHand(): Block[] {
  const rule = layer('lrn1').layer as LrnLayer;
  const loud = [20, 40, 100, 40, 20];
  const squares = loud.reduce((sum, a) => sum + a * a, 0);
  const divisor = rule.k + rule.alpha * squares;
  const after = normalised(loud);
  const alone = normalised([0, 40, 0, 0, 0]);
  return [
    { kind: 'heading', text: 'LRN: a loud neighbour makes the others quieter' },
    {
      kind: 'text',
      text:
        'Local response normalisation divides each number by a measure of what ' +
        `${rule.size} neighbouring channels say at the same place, itself among them:`,
    },
    {
      kind: 'formula',
      lines: [
        `b = a / (k + α·Σ a²)^β     k = ${rule.k}, α = ${rule.alpha}, β = ${rule.beta}, n = ` +
          `${rule.size}`,
      ],
    },
    {
      kind: 'arithmetic',
      caption: 'Five channels at one place, the paper’s constants.',
      parts: [
        { label: 'a', rows: [loud.map((a) => show(a))], marked: [[0, 2]] },
        '→',
        { label: 'b', rows: [after.map((b) => show(b, 1))], marked: [[0, 2]] },
      ],
    },
    {
      kind: 'formula',
      lines: [
        `Σ a² = ${loud.map((a) => `${a}²`).join(' + ')} = ${squares}`,
        `b = 100 / (${rule.k} + ${rule.alpha}·${squares})^${rule.beta} = ` +
          `100 / ${show(divisor, 1)}^${rule.beta} = ${show(after[2]!, 1)}`,
      ],
    },
    {
      kind: 'text',
      text:
        `A 40 among zeros would become ${show(alone[1]!, 1)}; beside the 100 it becomes ` +
        `${show(after[1]!, 1)}. The window is cut at the first and the last channel.`,
    },
    {
      kind: 'claims',
      claims: [
        {
          claim: 'LRN lowers the error a little.',
          evidence: [
            {
              from: 'paper',
              where: '§3.3',
              says:
                `${ablations.lrn.top1} points of top-1 and ${ablations.lrn.top5} of top-5 ` +
                `error.`,
            },
          ],
          ours: '`alexnet experiment lrn` tries it with and without, in pairs, at a small scale.',
        },
        {
          claim: 'The same α means two different things.',
          evidence: [
            {
              from: 'source',
              where: 'the authors’ code, Caffe, PyTorch, ONNX, oneDNN',
              says:
                'divide α by the number of summands. The paper’s formula and TensorFlow do not. ' +
                `α = ${rule.alpha} of the formula is ${dividedAlpha(rule)} there.`,
            },
          ],
          ours:
            'A network here holds the formula’s α; importing and exporting weights converts ' +
            'it.',
        },
      ],
    },
  ];
}

function pooled(input: Float64Array, kernel: number): Float64Array {
  const side = Math.sqrt(input.length);
  const outputs = Math.floor((side - kernel) / 2) + 1;
  const shape: Shape = [1, side, side];
  const output = new Float64Array(outputs ** 2);
  const spans = windowSpans(
    { kernel: [kernel, kernel], stride: [2, 2], padding: noPadding },
    shape,
    [1, outputs, outputs],
  );
  maxPool(spans, shape, input, 1, output, new Int32Array(output.length));
  return output;
}

function poolingByHand(): Block[] {
  const input = Float64Array.from(
    [
      [1, 0, 2, 0, 1],
      [0, 3, 1, 0, 0],
      [2, 0, 0, 6, 1],
      [0, 1, 0, 0, 4],
      [1, 0, 2, 1, 0],
    ].flat(),
  );
  const moved = Float64Array.from(input);
  moved[6] = 1;
  moved[0] = 3;
  const grid = (values: Float64Array, label: string, marked: Grid['marked']): Grid => ({
    label,
    rows: rowsOf(values, Math.sqrt(values.length)),
    ...(marked !== undefined && { marked }),
  });
  const first: Grid['marked'] = [[0, 0]];
  return [
    { kind: 'heading', text: 'Max-pooling: the largest of each window' },
    {
      kind: 'arithmetic',
      caption: 'Windows of 3, 2 apart: neighbours share a row or a column, so they overlap.',
      parts: [
        grid(input, 'input 5×5', cells(3, 3)),
        '→',
        grid(pooled(input, 3), 'maxima 2×2', first),
      ],
    },
    {
      kind: 'arithmetic',
      caption: 'The 3 has moved. The output is the same: where it was inside its window is lost.',
      parts: [
        grid(moved, 'input 5×5', cells(3, 3)),
        '→',
        grid(pooled(moved, 3), 'maxima 2×2', first),
      ],
    },
    {
      kind: 'claims',
      claims: [
        {
          claim: 'Overlapping windows were slightly better than separate ones.',
          evidence: [
            {
              from: 'paper',
              where: '§3.4',
              says:
                `3/2 against 2/2: ${ablations.overlap.top1} points of top-1 and ` +
                `${ablations.overlap.top5} of top-5 error.`,
            },
          ],
          ours: '`alexnet experiment overlap` tries both, in pairs, at a small scale.',
        },
      ],
    },
  ];
}

function dropoutByHand(): Block[] {
  const rule = layer('drop6').layer as DropoutLayer;
  const input = [2, 4, 1, 3, 6, 5, 2, 8];
  const mask = new Float64Array(input.length);
  const draw = { seed: 3, step: 1, firstImage: 0 };
  dropoutFactors(rule, draw, 0, input.length, 1, mask);
  const test = new Float64Array(input.length);
  dropoutFactors(rule, undefined, 0, input.length, 1, test);
  const row = (values: ArrayLike<number>, digits = 0): string[][] =>
    rowsOf(values, input.length, digits);
  return [
    { kind: 'heading', text: 'Dropout: leave some out, by chance' },
    {
      kind: 'text',
      text:
        `While it trains, fc6 and fc7 lose each of their numbers with probability ${rule.rate}, ` +
        'drawn anew for each image. So no number can count on another. Nothing is dropped in fc8.',
    },
    {
      kind: 'arithmetic',
      caption: 'Training: each number times a mask that is drawn.',
      parts: [
        { label: 'numbers', rows: row(input) },
        '·',
        { label: 'mask', rows: row(mask) },
        '=',
        { label: 'what goes on', rows: row(input.map((a, i) => a * mask[i]!)) },
      ],
    },
    {
      kind: 'arithmetic',
      caption: `Answering: all numbers, times ${1 - rule.rate}: their mean over all masks.`,
      parts: [
        { label: 'numbers', rows: row(input) },
        '·',
        `${1 - rule.rate}`,
        '=',
        {
          label: 'what goes on',
          rows: row(
            input.map((a, i) => a * test[i]!),
            1,
          ),
        },
      ],
    },
    {
      kind: 'claims',
      claims: [
        {
          claim: 'Dropout holds overfitting back and costs training time.',
          evidence: [
            {
              from: 'paper',
              where: '§4.2',
              says:
                'without it the network “exhibits substantial overfitting”; ' +
                'with it about twice as many iterations are needed.',
            },
            {
              from: 'measured',
              command: measured.dropoutExperiment.command,
              says:
                'not shown on few drawn images in 50 epochs, in which the network with dropout ' +
                'had not finished learning: the gap between training and other images ' +
                `${measured.dropoutExperiment.value} points smaller with it (−1.3 to 24.6), top-1 ` +
                'on others 7.0 points lower (−14.8 to 0.7).',
              noted: measured.dropoutExperiment,
            },
          ],
          tries: [
            {
              kind: 'command',
              command: 'experiment dropout',
              shows: 'the gap with and without it, seed by seed, and what it is worth on others',
              slow:
                'Not shown at this scale: with dropout is −7.0 points of top-1 against without ' +
                'dropout (95 % interval −14.8 to 0.7 points, 6 pairs). The gap to the training ' +
                'pictures is 11.6 points smaller with dropout (95 % interval −1.3 to 24.6 points).',
            },
          ],
          ours:
            'The variants caffe, caffenet and torchvision divide by 1 − rate while training ' +
            'instead (“inverted dropout”) and leave answering alone. The mean is the same.',
        },
      ],
    },
  ];
}

function softmaxByHand(): Block[] {
  const scores = [2, 1, 0, -1];
  const powers = scores.map((score) => Math.exp(score));
  const sum = powers.reduce((total, power) => total + power, 0);
  const probabilities = new Float64Array(scores.length);
  softmax(scores, 1, scores.length, probabilities);
  const shown = [...probabilities];
  return [
    { kind: 'heading', text: 'Softmax: from scores to probabilities' },
    {
      kind: 'arithmetic',
      caption: 'e to the power of each score, divided by the sum of all.',
      parts: [
        { label: 'scores', rows: [scores.map((score) => show(score))] },
        '→',
        { label: `e^score, sum ${show(sum, 3)}`, rows: [powers.map((power) => show(power, 3))] },
        '→',
        { label: 'probabilities', rows: [shown.map((p) => show(p, 3))] },
      ],
    },
    {
      kind: 'formula',
      lines: [
        `${show(powers[0]!, 3)} / ${show(sum, 3)} = ${show(shown[0]!, 3)}`,
        `loss if the first is right: −ln ${show(shown[0]!, 3)} = ${show(-Math.log(shown[0]!), 3)}`,
      ],
    },
    {
      kind: 'text',
      text:
        'The same number added to every score changes nothing. Training lowers the loss: it ' +
        'pushes ' +
        'the right score up and the others down. A network that guesses among ' +
        `${published.classes} classes has a loss of ln ${published.classes} = ` +
        `${show(Math.log(published.classes), 2)}.`,
    },
  ];
}

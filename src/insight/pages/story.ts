import type { DropoutLayer, Layer, LayerType } from '../../network/layer.ts';

/** What a layer does, for a classroom. */
export function wordsFor(layer: Layer): string {
  return layer.type === 'dropout' ? dropoutWords(layer) : words[layer.type];
}

function dropoutWords({ rate, scale }: DropoutLayer): string {
  const chance = Number((100 * rate).toFixed(1));
  const kept = Number((1 - rate).toFixed(3));
  const answering =
    scale === 'test'
      ? `every number counts ${kept} times what it is`
      : 'every number counts as it is';
  return (
    `While training, each number is left out with a chance of ${chance} %, so that none relies ` +
    `on another. Now, while answering, nothing is left out: ${answering}.`
  );
}

const words: Readonly<Record<Exclude<LayerType, 'dropout'>, string>> = {
  input:
    'Three numbers for every pixel: how much red, green and blue, less the mean of the ' +
    'training photographs.',
  convolution:
    'Every kernel slides over what came before. At each place it multiplies what it sees with ' +
    'its weights and adds everything up: a large sum means that its pattern is there. Choose ' +
    'a map to see one of these sums with its numbers.',
  relu:
    'Keeps what is above zero and sets the rest to zero. Two convolutions, or two dense layers, ' +
    'with nothing like it between them could do no more than one.',
  tanh: 'Squeezes every number between −1 and 1, as networks did before ReLU.',
  lrn:
    'Each number is made smaller where neighbouring maps are strong at the same place, so ' +
    'that the strongest stand out: b = a / (k + α·Σa²)^β.',
  maxPool:
    'Keeps the largest number of every small window: where exactly a pattern was matters less ' +
    'and less.',
  averagePool: 'Takes the mean of every small window.',
  adaptiveAveragePool: 'Takes the mean of evenly laid regions, so that the size fits what follows.',
  dense:
    'Every number is a weighted sum of all numbers before: places are gone, only “how much of ' +
    'what” is left.',
  softmax:
    'Turns scores into probabilities: e to the power of each score, divided by the sum over ' +
    'all classes.',
};

/** Beside the style of every page. */
export const storyStyle = `
nav ol {
  list-style: none; padding: 0;
  display: flex; flex-wrap: wrap; gap: .3rem .9rem; font-size: .9rem
}
.drawn svg { width: 100%; height: auto; max-width: 60rem; font: 11px system-ui, sans-serif }
.drawn text { fill: var(--ink) } .drawn polygon { stroke: var(--ink) }
@media (max-width: 45rem) { .drawn { display: none } }
nav a { color: var(--accent) } nav small, h2 small { color: var(--soft); font-weight: 400 }
.formula code {
  background: color-mix(in srgb, var(--ink) 8%, transparent);
  padding: .15rem .5rem; border-radius: .3rem;
  margin-right: .4rem; display: inline-block; margin-bottom: .3rem
}
.kernels {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(3.2rem, 1fr));
  gap: .35rem; margin-bottom: 1rem
}
button[data-layer] {
  padding: .25rem; border: 2px solid transparent; border-radius: .4rem;
  background: none; color: inherit; font: inherit; font-size: .85rem; cursor: pointer
}
button[data-layer]:hover { border-color: var(--line) }
button[aria-pressed=true] { border-color: var(--accent) }
.how:not(:empty) {
  border: 1px solid var(--line); border-radius: .5rem;
  padding: 1rem; margin-top: 1rem; overflow-x: auto
}
.how h4 { margin: 0 0 .5rem; font-size: 1.05rem }
.grids { display: flex; gap: 1rem; align-items: center; flex-wrap: wrap }
.grid td { padding: .1rem .25rem; border: 0; font-size: .72rem; text-align: right }
.grid caption { font-size: .85rem; color: var(--soft); text-align: left }
.sum { font-variant-numeric: tabular-nums; white-space: pre-wrap }
@media (min-width: 45.01rem) { .beside:has(.strip) .scale i { height: 6rem } }
.strip { flex: 1 } .strip img { max-width: min(64rem, var(--most)); min-height: 1.2rem }
.bars { width: 100%; max-width: 48rem }
.bars .bar { width: 50% } .bars th, .bars td { overflow-wrap: normal }
.bars tbody th { overflow-wrap: anywhere; min-width: 5rem }
@media (max-width: 45rem) { .bars .bar { width: 25% } }
.bars i { display: block; height: 1rem; background: var(--accent); min-width: 1px }
`;

import type { Command } from 'commander';
import type { Engine } from '../../engine/engine.ts';
import { initialise } from '../../engine/initialise.ts';
import { findEngine } from '../../engine/registry.ts';
import { costs } from '../../network/costs.ts';
import type { Network } from '../../network/layer.ts';
import { volume } from '../../network/shapes.ts';
import { alexnet, variants } from '../../network/variants.ts';
import { normal } from '../../random/draws.ts';
import { bits, purposes } from '../../random/philox.ts';
import { explanation } from '../explanation.ts';
import type { CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** Until there is something to train on: the network, and what it answers before it has learned anything. */
export function register(command: Command, terminal: Terminal): void {
  command.addHelpText('after', '\nExample:\n  alexnet demo').action(async ({ engine: name, seed }: CommonOptions) => {
    const engine = await findEngine(name);
    const network = alexnet('small', { classes: 10 });
    const probabilities = [...(await classifyNoise(engine, network, seed))];
    terminal.answer({ variant: 'small', engine: engine.name, trained: false, probabilities }, () =>
      [explanation(`small: ${variants.small}`, costs(network, 1), 1, terminal), '', untrained(probabilities, engine)].join('\n'),
    );
  });
}

async function classifyNoise(engine: Engine, network: Network, seed: number): Promise<Float32Array> {
  const session = await engine.prepare(network, { mode: 'inference', batch: 1 });
  try {
    await initialise(session, seed);
    const image = new Float32Array(volume(costs(network).layers[0]!.output));
    normal(bits({ seed, purpose: purposes.synthetic }), image);
    return await session.forward(image);
  } finally {
    await session.dispose();
  }
}

function untrained(probabilities: readonly number[], engine: Engine): string {
  return [
    `A made-up picture through that network on the ${engine.name} engine, with initial weights that have learned nothing:`,
    ...probabilities.map((p, i) => `  class ${i}  ${(100 * p).toFixed(1).padStart(5)} %  ${'▇'.repeat(Math.round(40 * p))}`.trimEnd()),
    'No class means anything yet: training gives them their meaning.',
  ].join('\n');
}

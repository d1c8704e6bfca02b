import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { AlexNetError } from '../../errors.ts';
import { costs } from '../../network/costs.ts';
import type { NetworkCost } from '../../network/costs.ts';
import { drawNetwork } from '../../network/drawing/svg.ts';
import type { Network, Shape } from '../../network/layer.ts';
import { alexnet, parseVariant, variants } from '../../network/variants.ts';
import type { Variant } from '../../network/variants.ts';
import { explanation } from '../explanation.ts';
import { addVariantOption, wholeNumber } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { grouped } from '../../text.ts';

interface ExplainOptions {
  readonly variant: string;
  readonly classes: number;
  readonly input?: number;
  readonly batch: number;
  readonly svg?: string;
}

export function register(command: Command, terminal: Terminal): void {
  addVariantOption(command)
    .option('--classes <n>', 'outputs of the last layer', wholeNumber(1), 1000)
    .option(
      '--input <pixels>',
      "height and width of the input (default: the variant's own)",
      wholeNumber(1),
    )
    .option('--batch <n>', 'images that the memory is counted for', wholeNumber(1), 128)
    .option('--svg <file>', 'also draw the network: boxes to scale, arrows where the towers talk')
    .addHelpText(
      'after',
      '\nExample:\n  alexnet explain --variant torchvision --classes 10 --svg alexnet.svg',
    )
    .action((options: ExplainOptions) => explain(options, terminal));
}

async function explain(
  { variant: name, classes, input, batch, svg }: ExplainOptions,
  terminal: Terminal,
): Promise<void> {
  const variant = parseVariant(name);
  const network = alexnet(variant, { classes, ...(input !== undefined && { input }) });
  const cost = costs(network, batch);
  if (svg !== undefined) {
    await writeDrawing(svg, variant, network, cost);
    terminal.note(`Drawn into ${svg}.`);
  }
  terminal.answer(answer(variant, cost), () =>
    explanation(`${variant}: ${variants[variant]}`, cost, batch, terminal),
  );
}

async function writeDrawing(
  file: string,
  variant: Variant,
  network: Network,
  { parameters, multiplyAdds }: NetworkCost,
): Promise<void> {
  const drawing = drawNetwork(
    network,
    `AlexNet, variant ${variant}: ${grouped(parameters)} parameters, ` +
      `${grouped(multiplyAdds)} multiply-adds`,
  );
  try {
    await writeFile(file, drawing);
  } catch (error) {
    throw new AlexNetError(
      `The drawing could not be written to "${file}": ` +
        `${error instanceof Error ? error.message : String(error)}. Name a file in a folder ` +
        'that exists and that you may write to.',
    );
  }
}

/** The contract's JSON: the layers without the input; a vector is `[4096]`, a map `[96,55,55]`. */
function answer(
  variant: Variant,
  { layers, parameters, multiplyAdds, weightsBytes, trainingBytes }: NetworkCost,
): unknown {
  return {
    variant,
    input: layers[0]!.output,
    layers: layers.slice(1).map((cost) => ({
      name: cost.layer.name,
      type: cost.layer.type,
      output: short(cost.output),
      parameters: cost.parameters,
      multiplyAdds: cost.multiplyAdds,
    })),
    totals: { parameters, multiplyAdds, weightsBytes, trainingBytes },
  };
}

function short([channels, height, width]: Shape): number[] {
  return height === 1 && width === 1 ? [channels] : [channels, height, width];
}

import type { Command } from 'commander';
import { costs } from '../../network/costs.ts';
import type { NetworkCost } from '../../network/costs.ts';
import type { Shape } from '../../network/layer.ts';
import { alexnet, parseVariant, variants } from '../../network/variants.ts';
import { explanation } from '../explanation.ts';
import { addVariantOption, wholeNumber } from '../options.ts';
import type { Terminal } from '../terminal.ts';

interface ExplainOptions {
  readonly variant: string;
  readonly classes: number;
  readonly input?: number;
  readonly batch: number;
}

export function register(command: Command, terminal: Terminal): void {
  addVariantOption(command)
    .option('--classes <n>', 'outputs of the last layer', wholeNumber(1), 1000)
    .option('--input <pixels>', "height and width of the input (default: the variant's own)", wholeNumber(1))
    .option('--batch <n>', 'images that the memory is counted for', wholeNumber(1), 128)
    .addHelpText('after', '\nExample:\n  alexnet explain --variant torchvision --classes 10')
    .action(({ variant: name, classes, input, batch }: ExplainOptions) => {
      const variant = parseVariant(name);
      const network = alexnet(variant, { classes, ...(input !== undefined && { input }) });
      const cost = costs(network, batch);
      terminal.answer(answer(variant, cost), () => explanation(`${variant}: ${variants[variant]}`, cost, batch, terminal));
    });
}

/** The contract's JSON: the layers without the input; a vector is `[4096]`, a map `[96,55,55]`. */
function answer(variant: string, { layers, parameters, multiplyAdds, weightsBytes, trainingBytes }: NetworkCost): unknown {
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

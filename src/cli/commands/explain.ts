import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { AlexNetError, UsageError } from '../../errors.ts';
import { costs } from '../../network/costs.ts';
import type { NetworkCost } from '../../network/costs.ts';
import { drawNetwork } from '../../network/drawing/svg.ts';
import type { Network, Shape } from '../../network/layer.ts';
import { alexnet, parseVariant, variants } from '../../network/variants.ts';
import type { Variant } from '../../network/variants.ts';
import { grouped } from '../../text.ts';
import { contentsOf, contentsText } from '../contents.ts';
import type { Contents } from '../contents.ts';
import { explanation } from '../explanation.ts';
import { readNetwork } from '../network-file.ts';
import { addForceOption, addVariantOption, wholeNumber } from '../options.ts';
import { checkOutput } from '../output.ts';
import type { Terminal } from '../terminal.ts';

interface ExplainOptions {
  readonly variant: string;
  readonly classes: number;
  readonly input?: number;
  readonly batch: number;
  readonly svg?: string;
  readonly html?: string;
  readonly network?: string;
  readonly force?: true;
}

export function register(command: Command, terminal: Terminal): void {
  addForceOption(addVariantOption(command))
    .argument('[model]', 'a file of weights, ours or of others: also what is in it')
    .option('--classes <n>', 'outputs of the last layer', wholeNumber(1), 1000)
    .option(
      '--input <pixels>',
      "height and width of the input (default: the variant's own)",
      wholeNumber(1),
    )
    .option('--network <file>', 'instead of a variant, any network as JSON')
    .option('--batch <n>', 'images that the memory is counted for', wholeNumber(1), 128)
    .option('--svg <file>', 'also draw the network: boxes to scale, arrows where the towers talk')
    .option('--html <file>', 'also write AlexNet, explained: one page that needs nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  alexnet explain --variant torchvision --classes 10 --svg alexnet.svg\n' +
        '  alexnet explain model.safetensors\n' +
        '  alexnet explain --html alexnet.html\n' +
        '  alexnet explain --json > network.json, and after changing its "network":\n' +
        '  alexnet explain --network network.json',
    )
    .action((model: string | undefined, options: ExplainOptions) =>
      explain(model, options, command, terminal),
    );
}

/** A network with its name; without a variant where it came from a file. */
interface Chosen {
  readonly network: Network;
  readonly variant: Variant | null;
  readonly title: string;
  /** Where it came from a file of weights. */
  readonly contents?: Contents;
}

async function explain(
  model: string | undefined,
  options: ExplainOptions,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { batch, svg, html, network, force = false } = options;
  const chosen = await choose(model, options, command);
  const inputs = [network, model].filter((file) => file !== undefined);
  const rules = { inputs, force };
  if (svg !== undefined) await checkOutput(svg, { flag: '--svg', ...rules });
  if (html !== undefined) await checkOutput(html, { flag: '--html', ...rules });
  const cost = costs(chosen.network, batch);
  if (svg !== undefined) {
    await write('drawing', svg, drawing(chosen, cost));
    terminal.note(`Drawn into ${svg}.`);
  }
  if (html !== undefined) {
    const { explanationPage } = await import('../../lesson/faces/page.ts');
    await write('page', html, await explanationPage());
    terminal.note(`AlexNet, explained, is in ${html}: open it in a browser.`);
  }
  const { contents } = chosen;
  terminal.answer({ ...answer(chosen, cost), ...contents }, () => {
    const layers = explanation(chosen.title, cost, batch, terminal);
    return contents ? `${layers}\n\n${contentsText(contents, terminal)}` : layers;
  });
}

async function choose(
  model: string | undefined,
  { variant: name, classes, input, network: file }: ExplainOptions,
  command: Command,
): Promise<Chosen> {
  if (model !== undefined) {
    refuseBeside(command, 'The model has a network', ['variant', 'classes', 'input', 'network']);
    const { network, ...contents } = await contentsOf(model);
    return { network, variant: contents.variant, title: model, contents };
  }
  if (file === undefined) {
    const variant = parseVariant(name);
    const network = alexnet(variant, { classes, ...(input !== undefined && { input }) });
    return { network, variant, title: `${variant}: ${variants[variant]}` };
  }
  refuseBeside(command, '--network names the whole network', ['variant', 'classes', 'input']);
  return { network: await readNetwork(file), variant: null, title: file };
}

function refuseBeside(command: Command, why: string, others: readonly string[]): void {
  const other = others.find((name) => command.getOptionValueSource(name) === 'cli');
  if (other !== undefined)
    throw new UsageError(`${why}, so --${other} has no place beside it. Leave one of them out.`);
}

function drawing({ network, variant, title }: Chosen, cost: NetworkCost): string {
  const name = variant === null ? title : `AlexNet, variant ${variant}`;
  const parameters = `${grouped(cost.parameters)} parameters`;
  const work = `${grouped(cost.multiplyAdds)} multiply-adds`;
  return drawNetwork(network, `${name}: ${parameters}, ${work}`);
}

async function write(what: string, file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AlexNetError(
      `The ${what} could not be written to "${file}": ${reason}. ` +
        'Name a file in a folder that exists and that you may write to.',
    );
  }
}

/** The contract's JSON: the layers without the input; a vector is `[4096]`, a map `[96,55,55]`. */
function answer({ variant, network }: Chosen, cost: NetworkCost): object {
  const { layers, parameters, multiplyAdds, weightsBytes, trainingBytes } = cost;
  return {
    variant,
    input: layers[0]!.output,
    layers: layers.slice(1).map(({ layer: { name, type }, output, ...counted }) => ({
      name,
      type,
      output: short(output),
      parameters: counted.parameters,
      multiplyAdds: counted.multiplyAdds,
    })),
    totals: { parameters, multiplyAdds, weightsBytes, trainingBytes },
    network,
  };
}

function short([channels, height, width]: Shape): number[] {
  return height === 1 && width === 1 ? [channels] : [channels, height, width];
}

import type { Command } from 'commander';
import { methods, keepForExplain, parseMethod } from '../../../insight/methods.ts';
import type { MethodName } from '../../../insight/methods.ts';
import { fillOf } from './fill.ts';
import { findClass, withModel } from '../../../insight/node/open.ts';
import { whyReport } from '../../../insight/node/why.ts';
import { number, wholeNumber } from '../../options.ts';
import type { Terminal } from '../../terminal.ts';
import { percent } from '../../../text.ts';
import {
  finish,
  openOptions,
  outOption,
  photographOf,
  randomizeOption,
  working,
} from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface WhyFlags extends InspectFlags {
  readonly class?: string;
  readonly method: string;
  readonly layer?: string;
  readonly patch: number;
  readonly stride: number;
  readonly fill: string;
  readonly samples?: number;
  readonly noise?: number;
  readonly steps?: number;
}

export function registerWhy(inspect: Command, terminal: Terminal): void {
  randomizeOption(
    outOption(
      inspect
        .command('why')
        .description('why the network gives this answer: heat maps by eight methods'),
    ),
  )
    .argument('<model>')
    .argument('<photo>')
    .option('--class <name>', 'a label or its number (default: the most probable)')
    .option(
      '--method <m>',
      `all, or one or several of ${Object.keys(methods).join(', ')}`,
      'grad-cam',
    )
    .option('--layer <name>', "Grad-CAM: whose maps (default: the last convolution's ReLU)")
    .option('--patch <pixels>', 'occlusion: side of the square', wholeNumber(1), 32)
    .option('--stride <pixels>', 'occlusion: from one square to the next', wholeNumber(1), 8)
    .option('--fill <colour>', 'occlusion: mean, black, white, or #rrggbb', 'mean')
    .option('--samples <n>', 'SmoothGrad: noisy copies (default: 50)', wholeNumber(1))
    .option('--noise <share>', "SmoothGrad: of the picture's range (default: 0.15)", number(0))
    .option(
      '--steps <n>',
      'integrated gradients: points on the path (default: until the sum is right)',
      wholeNumber(1),
    )
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect why model.safetensors photo.jpg --class dalmatian ' +
        '--method grad-cam,occlusion --out why.png',
    )
    .action((model: string, photo: string, flags: WhyFlags) => why(model, photo, flags, terminal));
}

async function why(
  modelFile: string,
  photo: string,
  flags: WhyFlags,
  terminal: Terminal,
): Promise<void> {
  const chosen: MethodName[] =
    flags.method === 'all'
      ? (Object.keys(methods) as MethodName[])
      : flags.method.split(',').map(parseMethod);
  const { randomize, ...options } = openOptions(flags, terminal);
  const many = chosen.some(
    (method) =>
      method === 'occlusion' || method === 'smoothgrad' || method === 'integrated-gradients',
  );
  await withModel(
    modelFile,
    { ...options, batch: many ? 32 : 1, keep: (network) => keepForExplain(network, flags.layer) },
    async (opened) => {
      const { preprocessing } = opened.model;
      const index = flags.class === undefined ? undefined : findClass(opened.model, flags.class);
      const photograph = await photographOf(photo, opened, terminal);
      const { report, answer } = await working(terminal, 'explaining', (work) =>
        whyReport(opened, photograph, {
          ...work,
          methods: chosen,
          seed: flags.seed,
          occlusion: {
            patch: Math.min(flags.patch, preprocessing.crop),
            stride: flags.stride,
            fill: fillOf(flags.fill, preprocessing),
          },
          ...(index !== undefined && { class: index }),
          ...(flags.layer !== undefined && { layer: flags.layer }),
          ...(randomize !== undefined && { randomize }),
          ...(flags.samples !== undefined && { samples: flags.samples }),
          ...(flags.noise !== undefined && { noise: flags.noise }),
          ...(flags.steps !== undefined && { steps: flags.steps }),
        }),
      );
      const lines = answer.explanations.flatMap(({ method, randomized }) =>
        randomized === undefined
          ? []
          : [
              `${method}: rank correlation ${randomized.correlation.toFixed(2)} with the ` +
                `same from weights shuffled from ${randomized.layer} up`,
            ],
      );
      await finish('why', flags, terminal, report, answer, [
        `${answer.class.label}: ${percent(answer.class.probability, 1)}`,
        ...lines,
      ]);
    },
  );
}

import type { Command } from 'commander';
import { compareReport } from '../../../insight/node/compare.ts';
import { openPhotograph, withModel } from '../../../insight/node/open.ts';
import type { Terminal } from '../../terminal.ts';
import { percent } from '../../../text.ts';
import { finish, openOptions, outOption } from './shared.ts';
import type { InspectFlags } from './shared.ts';

export function registerCompare(inspect: Command, terminal: Terminal): void {
  outOption(
    inspect
      .command('compare')
      .description('two models on one photograph: answers, maps that differ most, weights'),
  )
    .argument('<a>', 'a model')
    .argument('<b>', 'another')
    .argument('<photo>')
    .option(
      '--randomize <layer>',
      "the honest check: the second model's weights shuffled from this layer upwards; give one " +
        'model twice',
    )
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect compare before.safetensors after.safetensors photo.jpg ' +
        '--out compare.html',
    )
    .action((fileA: string, fileB: string, photo: string, { randomize, ...flags }: InspectFlags) =>
      withModel(fileA, { ...openOptions(flags, terminal), mode: 'inference' }, (a) =>
        withModel(
          fileB,
          {
            ...openOptions({ ...flags, ...(randomize !== undefined && { randomize }) }, terminal),
            mode: 'inference',
          },
          async (b) => {
            const photographs = [
              await openPhotograph(photo, a),
              await openPhotograph(photo, b),
            ] as const;
            for (const remark of new Set(
              photographs.flatMap((photograph) => photograph.remark ?? []),
            ))
              terminal.note(remark);
            const { report, answer } = await compareReport(a, b, photographs);
            const lines = answer.models.map(
              ({ model, predictions }) =>
                `${model}: ${predictions
                  .slice(0, 3)
                  .map(({ label, probability }) => `${label} ${percent(probability, 1)}`)
                  .join(', ')}`,
            );
            await finish('compare', flags, terminal, report, answer, lines);
          },
        ),
      ),
    );
}

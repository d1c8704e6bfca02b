import type { Command } from 'commander';
import { mapsReport } from '../../../insight/node/maps.ts';
import { withModel } from '../../../insight/node/open.ts';
import { wholeNumber } from '../../options.ts';
import type { Terminal } from '../../terminal.ts';
import { percent } from '../../../text.ts';
import { finish, openOptions, outOption, photographOf, randomizeOption } from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface MapsFlags extends InspectFlags {
  readonly layer: string;
  readonly top: number;
  readonly ownScale?: true;
  readonly over?: true;
}

export function registerMaps(inspect: Command, terminal: Terminal): void {
  randomizeOption(
    outOption(
      inspect.command('maps').description('what every kernel of a layer answers to one photograph'),
    ),
  )
    .argument('<model>')
    .argument('<photo>')
    .requiredOption('--layer <name>', 'any layer: conv1, relu3, pool5, …')
    .option('--top <n>', 'how many maps, the strongest first', wholeNumber(1), 64)
    .option('--own-scale', 'each map on a scale of its own, so that weak ones can be seen')
    .option('--over', 'over the photograph')
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect maps model.safetensors photo.jpg --layer relu1 --out maps.png',
    )
    .action((model: string, photo: string, flags: MapsFlags) =>
      withModel(
        model,
        { ...openOptions(flags, terminal), mode: 'inference', keep: () => [flags.layer] },
        async (opened) => {
          const photograph = await photographOf(photo, opened, terminal);
          const { report, answer } = await mapsReport(opened, photograph, flags.layer, {
            top: flags.top,
            ownScale: flags.ownScale ?? false,
            over: flags.over ?? false,
          });
          const strongest = answer.maps.slice(0, 5).map(({ channel }) => channel);
          await finish('maps', flags, terminal, report, answer, [
            `${answer.layer}: ${answer.maps.length} maps, ${percent(answer.zeros, 1)} zeros; ` +
              `the strongest are ${strongest.join(', ')}`,
          ]);
        },
      ),
    );
}

import type { Command } from 'commander';
import { augmentReport } from '../../../insight/node/augment.ts';
import { recipes } from '../../../training/core/recipes.ts';
import { photographViews, recipeViews } from '../../../training/node/views.ts';
import type { ViewsOptions } from '../../../training/node/views.ts';
import { counted } from '../../../text.ts';
import { depthOption, wholeNumber } from '../../options.ts';
import { assign, settingsFile } from '../../settings-words.ts';
import type { Terminal } from '../../terminal.ts';
import { finish, outOption } from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface AugmentFlags extends InspectFlags {
  readonly data?: string;
  readonly depth?: number;
  readonly recipe?: string;
  readonly set: readonly string[];
  readonly epochs: number;
  readonly first: number;
}

export function registerAugment(inspect: Command, terminal: Terminal): void {
  const command = outOption(
    inspect
      .command('augment')
      .description(
        'the views that training has of one photograph: crops, mirror images, colours, erasing',
      ),
  );
  command
    .argument(
      '<model|recipe>',
      'a model, a settings.json, or a recipe: ' + Object.keys(recipes).join(', '),
    )
    .argument('<photo>')
    .option('--data <dir>', 'what is trained on: the photograph is the sample that it is there')
    .addOption(depthOption())
    .option('--epochs <n>', 'how many', wholeNumber(1, 24), 6)
    .option('--first <n>', 'the first of them', wholeNumber(1), 1)
    .option('--recipe <name>', 'for a model that does not say how it was trained')
    .option(
      '--set <key=value>',
      'a setting that differs; may be repeated: augmentation.mirror=0',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect augment paper photo.jpg --out views.html\n  ' +
        'alexnet inspect augment model.safetensors photos/train/cat/1.jpg --data photos',
    )
    .action(async (target: string, photo: string, flags: AugmentFlags) => {
      const { data, depth, epochs, first, maxPixels } = flags;
      const limit = maxPixels !== undefined && { maximumPixels: maxPixels };
      const seedGiven = command.getOptionValueSource('seed') === 'cli';
      const views = await photographViews(photo, {
        ...(await wishes(target, flags)),
        ...limit,
        ...(seedGiven && { seed: flags.seed }),
        ...(data !== undefined && { data }),
        ...(depth !== undefined && { depth }),
        onMeasure: (pictures) => {
          if (pictures > 1)
            terminal.note(`measuring the colours of ${counted(pictures, 'picture')}`);
        },
      });
      views.remarks.forEach((line) => terminal.note(line));
      const options = { epochs, first, recipes: recipeViews(), ...limit };
      const { report, answer, remark } = await augmentReport(photo, views, options);
      if (remark !== undefined) terminal.note(remark);
      await finish('augment', flags, terminal, report, answer, [
        `${counted(answer.views.length, 'view')} of ${photo} by ${answer.of}, seed ${answer.seed}`,
      ]);
    });
}

/** What the words stand for: a recipe's name, a file of settings, or else a model. */
async function wishes(
  target: string,
  { recipe, set }: AugmentFlags,
): Promise<Pick<ViewsOptions, 'of' | 'recipe' | 'settings'>> {
  const named = Object.hasOwn(recipes, target);
  const file = !named && target.endsWith('.json');
  const settings = file ? await settingsFile(target) : {};
  for (const assignment of set) assign(settings, assignment);
  if (named) return { of: { recipe: target }, settings };
  if (file) {
    const { recipe: own } = settings;
    return { of: { recipe: typeof own === 'string' ? own : 'photos' }, settings };
  }
  return { of: { model: target }, settings, ...(recipe !== undefined && { recipe }) };
}

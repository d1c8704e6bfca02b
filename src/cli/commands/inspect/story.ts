import type { Command } from 'commander';
import { withModel } from '../../../insight/node/open.ts';
import { storyHtml } from '../../../insight/node/story.ts';
import { writeWhole } from '#platform';
import type { Terminal } from '../../terminal.ts';
import { percent } from '../../../text.ts';
import { openOptions, outOf, outOption, photographOf, randomizeOption, tell } from './shared.ts';
import type { InspectFlags } from './shared.ts';

export function registerStory(inspect: Command, terminal: Terminal): void {
  randomizeOption(
    outOption(
      inspect
        .command('story')
        .description('the way of one photograph through all layers, as one page for a classroom'),
      'a one-file .html',
      ['.html'],
    ),
  )
    .argument('<model>')
    .argument('<photo>')
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect story model.safetensors photo.jpg --out story.html',
    )
    .action((model: string, photo: string, flags: InspectFlags) => {
      const out = outOf('story', flags);
      return withModel(model, openOptions(flags, terminal), async (opened) => {
        const photograph = await photographOf(photo, opened, terminal);
        const { html, answer } = await storyHtml(opened, photograph);
        if (out !== undefined) await writeWhole(out, [Buffer.from(html)]);
        tell(
          terminal,
          answer,
          out,
          answer.predictions
            .slice(0, 3)
            .map(({ label, probability }) => `${label}: ${percent(probability, 1)}`),
        );
      });
    });
}

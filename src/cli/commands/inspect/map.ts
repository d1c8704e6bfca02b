import { extname } from 'node:path';
import type { Command } from 'commander';
import { writeWhole } from '#platform';
import { indexPath, lastHidden } from '../../../insight/node/features.ts';
import { mapHtml, photographMap, projectorFiles } from '../../../insight/node/map.ts';
import { withModel } from '../../../insight/node/open.ts';
import { checkOut } from '../../../insight/node/write.ts';
import { wholeNumber } from '../../options.ts';
import type { Terminal } from '../../terminal.ts';
import {
  checkInspected,
  indexOption,
  openForFeatures,
  outOf,
  outOption,
  randomizeOption,
  tell,
  working,
} from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface MapFlags extends InspectFlags {
  readonly layer?: string;
  readonly index?: string;
  readonly umap: boolean;
  readonly tsv?: string;
  readonly batch: number;
}

export function registerMap(inspect: Command, terminal: Terminal): void {
  const command = randomizeOption(
    outOption(
      inspect
        .command('map')
        .description('all photographs of a folder in a plane, alike ones together: PCA and UMAP'),
      'a one-file .html',
      ['.html'],
    ),
  );
  indexOption(command)
    .argument('<model>')
    .argument('<dir>', 'photographs, in folders of classes or not')
    .option('--layer <name>', 'whose numbers are mapped (default: the last hidden layer)')
    .option('--no-umap', 'only principal components')
    .option('--tsv <file>', 'also FILE.tsv and FILE.metadata.tsv for the Embedding Projector')
    .option('--batch <n>', 'photographs at once', wholeNumber(1), 32)
    .hook('preAction', async (_, action) => {
      const { tsv } = action.opts<MapFlags>();
      if (tsv === undefined) return;
      checkOut(tsv, ['.tsv'], '--tsv');
      for (const path of [tsv, metadataOf(tsv)]) await checkInspected(action, path, '--tsv');
    })
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect map model.safetensors photos --out map.html --tsv photos.tsv',
    )
    .action((model: string, folder: string, flags: MapFlags) =>
      runMap(model, folder, flags, terminal),
    );
}

function runMap(model: string, folder: string, flags: MapFlags, terminal: Terminal): Promise<void> {
  const out = outOf('map', flags);
  return withModel(model, openForFeatures(flags, terminal), async (opened) => {
    const layer = flags.layer ?? lastHidden(opened.model);
    const made = await working(terminal, 'mapping', (work) =>
      photographMap(opened, folder, {
        ...work,
        layer,
        umap: flags.umap,
        seed: flags.seed,
        index: flags.index ?? indexPath(model, layer, folder),
      }),
    );
    made.remarks.forEach((line) => terminal.note(line));
    if (out !== undefined) {
      const html = await working(terminal, 'small pictures', (work) => mapHtml(opened, made, work));
      await writeWhole(out, [Buffer.from(html)]);
    }
    if (flags.tsv !== undefined) await writeTsv(flags.tsv, projectorFiles(made.features));
    tell(terminal, made.answer, out, [`${made.answer.points.length} photographs by ${layer}`]);
  });
}

async function writeTsv(
  path: string,
  { vectors, metadata }: { vectors: string; metadata: string },
): Promise<void> {
  await writeWhole(path, [Buffer.from(vectors)]);
  await writeWhole(metadataOf(path), [Buffer.from(metadata)]);
}

/** What stands beside the vectors and says what each is. */
function metadataOf(tsv: string): string {
  return `${tsv.slice(0, -extname(tsv).length)}.metadata.tsv`;
}

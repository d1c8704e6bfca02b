import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Availability } from '../../engine/engine.ts';
import { engines } from '../../engine/registry.ts';
import type { CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';

type Finding = Availability & { readonly name: string };

export function register(command: Command, terminal: Terminal): void {
  command
    .addHelpText('after', '\nExample:\n  alexnet doctor')
    .action(async ({ threads = availableParallelism() }: CommonOptions) => {
      const found = await Promise.all(
        engines.map(async (engine): Promise<Finding> => {
          const { available, reason, details } = await engine.probe();
          return { name: engine.name, available, reason, details };
        }),
      );
      terminal.answer({ node: process.versions.node, threads, engines: found }, () =>
        report(found, threads, terminal),
      );
    });
}

function report(found: readonly Finding[], threads: number, terminal: Terminal): string {
  const chosen = found.find(({ available }) => available);
  return [
    `Node ${process.versions.node}, ${threads} threads`,
    '',
    'Engines, the fastest first:',
    ...found.flatMap((finding) => describe(finding, terminal)),
    '',
    chosen === undefined ? 'No engine runs here.' : `"--engine auto" takes ${chosen.name}.`,
  ].join('\n');
}

function describe({ name, available, reason, details }: Finding, terminal: Terminal): string[] {
  const mark = available ? terminal.green('✔') : terminal.red('✖');
  const facts = Object.entries(details).map(([key, value]) => `${key} ${String(value)}`);
  return [
    `${mark} ${terminal.bold(name)}  ${reason}`,
    ...(facts.length === 0 ? [] : [terminal.dim(`    ${facts.join(', ')}`)]),
  ];
}

import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { registerAugment } from './inspect/augment.ts';
import { registerCompare } from './inspect/compare.ts';
import { registerKernels } from './inspect/kernels.ts';
import { registerMap } from './inspect/map.ts';
import { registerMaps } from './inspect/maps.ts';
import { registerMistakes } from './inspect/mistakes.ts';
import { registerNeighbours } from './inspect/neighbours.ts';
import { registerStory } from './inspect/story.ts';
import { registerTowers } from './inspect/towers.ts';
import { registerUnit } from './inspect/unit.ts';
import { registerWhy } from './inspect/why.ts';

const ways = [
  registerKernels,
  registerTowers,
  registerMaps,
  registerWhy,
  registerUnit,
  registerNeighbours,
  registerMap,
  registerMistakes,
  registerCompare,
  registerStory,
  registerAugment,
];

export function register(command: Command, terminal: Terminal): void {
  for (const way of ways) way(command, terminal);
  command.addHelpText(
    'after',
    '\nExample:\n  alexnet inspect story model.safetensors photo.jpg --out story.html\n  ' +
      'alexnet inspect why model.safetensors photo.jpg --method grad-cam --out why.png\n\nHelp ' +
      'on one of them: alexnet inspect why --help',
  );
}

import type { Command } from 'commander';
import type { Terminal } from '../../terminal.ts';

export function registerStory(_inspect: Command, _terminal: Terminal): void {}

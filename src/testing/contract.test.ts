import { describe, test } from 'node:test';
import { engines } from '../engine/registry.ts';
import { contractCases } from './contract.ts';

for (const engine of engines) {
  const { available, reason } = await engine.probe();
  describe(`the ${engine.name} engine`, { skip: available ? false : reason }, () => {
    for (const { name, run, skip } of contractCases)
      test(name, { skip: skip?.(engine) ?? false }, () => run(engine));
  });
}

import { describe, test } from 'node:test';
import { engines } from '../engine/registry.ts';
import { contractCases } from './contract.ts';

for (const engine of engines) {
  const found = await engine.probe();
  describe(`the ${engine.name} engine`, { skip: found.available ? false : found.reason }, () => {
    for (const { name, run, skip } of contractCases)
      test(name, { skip: skip?.(engine, found) ?? false }, () => run(engine));
  });
}

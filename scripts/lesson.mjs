#!/usr/bin/env node
// Writes the explanation of AlexNet as a guide, docs/alexnet.md with its pictures beside it, from
// the same source as `alexnet explain --html`; and what came out of experiments,
// docs/experiments/NAME.md, from NAME.json beside it, a `result.json` of `alexnet experiment`;
// `make docs`. Tests say when they are stale.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { experimentGuide } from '../dist/experiment/guide.js';
import { explanationGuide } from '../dist/lesson/faces/guide.js';

const docs = fileURLToPath(new URL('../docs', import.meta.url));
const write = (files) => {
  for (const [name, content] of files) {
    mkdirSync(dirname(join(docs, name)), { recursive: true });
    writeFileSync(join(docs, name), content);
  }
};
rmSync(join(docs, 'alexnet'), { recursive: true, force: true });
write(explanationGuide());
for (const file of readdirSync(join(docs, 'experiments'))) {
  if (!file.endsWith('.json')) continue;
  write(experimentGuide(JSON.parse(readFileSync(join(docs, 'experiments', file), 'utf8'))));
}

#!/usr/bin/env node
// Writes the explanation of AlexNet as a guide, docs/alexnet.md with its pictures beside it, from
// the same source as `alexnet explain --html`; `make docs`. A test says when it is stale.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explanationGuide } from '../dist/lesson/faces/guide.js';

const docs = fileURLToPath(new URL('../docs', import.meta.url));
rmSync(join(docs, 'alexnet'), { recursive: true, force: true });
for (const [name, content] of explanationGuide()) {
  mkdirSync(dirname(join(docs, name)), { recursive: true });
  writeFileSync(join(docs, name), content);
}

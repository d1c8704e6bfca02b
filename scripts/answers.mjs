// Writes what every verb answers with --json into docs/cli.md, from the words of --help. Run by
// `make docs`.
import { readFile, writeFile } from 'node:fs/promises';
import { answersText } from '../dist/cli/answers.js';

const path = new URL('../docs/cli.md', import.meta.url);
const text = await readFile(path, 'utf8');
const block = /(<!-- made by scripts\/answers\.mjs -->\n)[\s\S]*?(<!-- end -->)/;
if (!block.test(text)) throw new Error('docs/cli.md has no place for the answers.');
await writeFile(
  path,
  text.replace(block, (_, start, end) => `${start}${answersText()}${end}`),
);

// How long until `small` is ready for its first image: importing the package by its doors and by
// the engine alone, then preparing. Every figure is the median of fresh processes, and in brackets
// their range.
//   node loading.mjs [--rounds 9]        after `make build`, under the Node that is to be measured
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const doors = {
  'alexnet, as Node gets it': 'door/index.js',
  'alexnet/browser, as Node gets it': 'door/browser.js',
  'alexnet, file by file': 'index.js',
  'alexnet/browser, file by file': 'browser.js',
};

function once(file) {
  const door = new URL(`../dist/${file}`, import.meta.url).href;
  const script = `
    const start = performance.now();
    const { alexnet, wasmEngine } = await import(${JSON.stringify(door)});
    const imported = performance.now();
    const session = await wasmEngine.prepare(alexnet('small'), { batch: 1, mode: 'inference' });
    const prepared = performance.now();
    await session.dispose();
    console.log(JSON.stringify([imported - start, prepared - imported, prepared - start]));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
  );
}

const shown = (times) => {
  const sorted = times.toSorted((a, b) => a - b);
  return (
    `${sorted[sorted.length >> 1].toFixed(0).padStart(4)} ms ` +
    `(${sorted[0].toFixed(0)}–${sorted.at(-1).toFixed(0)})`
  );
};

console.log(`Node ${process.versions.node}, ${values.rounds} processes each`);
const all = Object.fromEntries(Object.keys(doors).map((name) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++)
  for (const [name, file] of Object.entries(doors)) all[name].push(once(file));
for (const [name, rounds] of Object.entries(all)) {
  console.log(
    `  ${name.padEnd(34)} import ${shown(rounds.map(([time]) => time))}, prepare ` +
      `${shown(rounds.map(([, time]) => time))}, together ` +
      shown(rounds.map(([, , time]) => time)),
  );
}

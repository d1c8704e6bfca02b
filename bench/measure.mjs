// Contenders against each other: fresh processes, rounds in turn, medians, ratios within one run.
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { alexnet } from '../dist/network/variants.js';
import { leastMilliseconds, machinePeak } from './limit.mjs';

/**
 * @param tables `{ title, rows: [{ contender, …settings }] }`; with --only NAME those whose title
 * has NAME in it.
 */
export async function measure(tables) {
  const {
    values: { rounds, only },
  } = parseArgs({
    options: { rounds: { type: 'string', default: '7' }, only: { type: 'string', default: '' } },
  });
  console.log(
    `${cpus()[0].model.trim()}, ${cpus().length} processors, Node ${process.versions.node} ` +
      `(V8 ${process.versions.v8}), ${rounds} rounds, medians`,
  );
  for (const { title, rows } of tables.filter((table) => table.title.includes(only))) {
    console.log(`\n${title}`);
    const contenders = [];
    for (const row of rows) contenders.push(await start(row));
    const first = [];
    for (const contender of contenders) first.push((await contender.ask(true)).output);
    compare(rows, first);
    const times = contenders.map(() => []);
    const cpu = contenders.map(() => []);
    for (let round = -1; round < Number(rounds); round++) {
      for (const [index, contender] of contenders.entries()) {
        const answer = await contender.ask(false);
        if (round < 0) continue;
        times[index].push(answer.milliseconds);
        cpu[index].push(answer.cpu);
        await pause(50);
      }
    }
    for (const contender of contenders) contender.end();
    report(rows, times, cpu, contenders);
    await reportLimits(rows, times);
  }
}

async function start({ contender, ...settings }) {
  const child = fork(
    new URL('./contender.mjs', import.meta.url),
    [contender, JSON.stringify(settings)],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const next = () =>
    new Promise((resolve, reject) => {
      const lost = (code) => reject(new Error(`${contender} ended with ${code}.`));
      child.once('exit', lost);
      child.once('message', (message) => {
        child.off('exit', lost);
        resolve(message);
      });
    });
  const { details } = await next();
  return {
    details,
    ask: (warmUp) => {
      const answer = next();
      child.send({ warmUp });
      return answer;
    },
    end: () => child.kill(),
  };
}

/**
 * How far probabilities may differ, as a share of the largest: bf16 has 8 bits, which 8 layers
 * round again and again.
 */
const agreement = { f32: 1e-3, bf16: 0.05 };

/** Contenders that compute something else are no contenders. */
function compare(rows, outputs) {
  const all = outputs.flatMap((output, i) =>
    output === undefined ? [] : [{ output, precision: rows[i].precision ?? 'f32' }],
  );
  const [reference, ...others] = all;
  for (const { output, precision } of others) {
    const bound = Math.max(agreement[precision], agreement[reference.precision]);
    const differences = output.map((p, i) => Math.abs(p - reference.output[i]));
    const worst = Math.max(...differences) / Math.max(...reference.output);
    if (!(worst < bound))
      throw new Error(`The contenders' probabilities differ by ${worst}, more than ${bound}.`);
  }
}

/** For rows of our networks: what the machine, measured right then, allows at most. */
async function reportLimits(rows, times) {
  for (const [index, row] of rows.entries()) {
    const { contender, variant, mode, batch, threads, precision = 'f32' } = row;
    if (variant === undefined) continue;
    const peak = await machinePeak(threads);
    if (peak === undefined) return console.log('  the limit of the machine: needs the addon');
    const least = leastMilliseconds({ network: alexnet(variant), mode, batch, precision }, peak);
    const speed = precision === 'bf16' && peak.bf16 > 0 ? peak.bf16 : peak.f32;
    const share = (100 * least) / median(times[index]);
    console.log(
      `  limit of the machine for ${contender}, ${precision}: ${least.toFixed(1)} ms at ` +
        `${(speed / 1e9).toFixed(0)} GFLOP/s and ${(peak.memory / 1e9).toFixed(1)} GB/s; ` +
        `reached: ${share.toFixed(0)} %`,
    );
  }
}

function report(rows, times, cpu, contenders) {
  const base = median(times[0]);
  for (const [index, { contender, batch, threads, mode, flopsPerImage }] of rows.entries()) {
    const milliseconds = median(times[index]);
    const [low, high] = [Math.min(...times[index]), Math.max(...times[index])];
    const spread = `${low.toFixed(1)}–${high.toFixed(1)}`;
    const speed =
      flopsPerImage === undefined
        ? ''
        : `, ${((flopsPerImage * batch) / milliseconds / 1e6).toFixed(0)} GFLOP/s`;
    // Processor time is what remains comparable on a machine that others use too.
    const busy =
      `${median(cpu[index]).toFixed(0)} ms of processors ` +
      `(×${(median(cpu[index]) / median(cpu[0])).toFixed(2)})`;
    console.log(
      `  ${contender.padEnd(12)} ${mode.padEnd(5)} ${threads} ` +
        `thread${threads === 1 ? ' ' : 's'} ${milliseconds.toFixed(1).padStart(8)} ms ` +
        `(${spread})  ${((1000 * batch) / milliseconds).toFixed(1).padStart(6)} images/s${speed}` +
        `  ×${(milliseconds / base).toFixed(2)} the first row's time; at its best ` +
        `×${(Math.min(...times[index]) / Math.min(...times[0])).toFixed(2)}; ${busy}   ` +
        contenders[index].details,
    );
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2
  );
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

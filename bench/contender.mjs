// One contender in a process of its own. Prepares, then times one call whenever the parent asks.
const [name, settings] = process.argv.slice(2);
const { prepare } = await import(`./contenders/${name}.mjs`);
const started = performance.now();
const { run, details } = await prepare(JSON.parse(settings));
const prepared = performance.now() - started;

async function time({ warmUp }) {
  const start = performance.now();
  const before = process.cpuUsage();
  const output = await run();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  process.send({
    milliseconds,
    cpu: (user + system) / 1000,
    ...(warmUp && output && { output: Array.from(output.slice(0, 1000)) }),
  });
}

process.on('message', (order) => void time(order));
process.send({ prepared, details });

// SIGTERM under load: whatever was accepted is answered, and the process ends with 0 within 30 s.
//   node scripts/check-server-stop.mjs FOLDER ENGINE
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const [folder, engine] = process.argv.slice(2);
const picture = readFileSync(`${folder}/picture-0.jpg`);
const words = [
  'serve',
  `${folder}/models`,
  '--port',
  '0',
  '--engine',
  engine,
  '--json',
  '--drain',
  '3s',
];
const child = spawn(process.execPath, ['bin/alexnet', ...words, '--log-level', 'error'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(child, 'exit');
const { url } = JSON.parse(String((await once(child.stdout, 'data'))[0]));
const agent = new Agent({ keepAlive: true });
const counts = { answered: 0, busy: 0, refused: 0, lost: 0 };
let stopping = false;

/** One request. A connection that is not taken any more is no request that was accepted. */
function ask() {
  return new Promise((resolve) => {
    const one = request(`${url}/classify`, { method: 'POST', agent }, (response) => {
      if (response.statusCode === 200) counts.answered++;
      else if (response.statusCode === 503) counts.busy++;
      else counts.lost++;
      response
        .resume()
        .on('end', () => resolve(true))
        .on('error', () => resolve(true));
    });
    one.on('error', ({ code }) => {
      if (stopping && (code === 'ECONNREFUSED' || one.reusedSocket)) counts.refused++;
      else {
        counts.lost++;
        console.log(`NOT answered: ${code}`);
      }
      resolve(code !== 'ECONNREFUSED');
    });
    one.end(picture);
  });
}

const clients = Array.from({ length: 24 }, async () => {
  while (await ask());
});
await wait(4000);
const begin = Date.now();
stopping = true;
child.kill('SIGTERM');
const [code] = await ended;
const seconds = (Date.now() - begin) / 1000;
await Promise.all(clients);
agent.destroy();
console.log(`SIGTERM under load: exit ${code} after ${seconds} s, ${JSON.stringify(counts)}`);
process.exitCode = code === 0 && counts.lost === 0 && seconds < 30 ? 0 : 1;

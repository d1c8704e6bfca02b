// The engine alone on what check-server.sh serves: images per second, and processor time per
// image, which a machine that others use too cannot lengthen much.
//   node scripts/check-server-engine.mjs FOLDER ENGINE BATCH SECONDS
import { readFileSync } from 'node:fs';
import { AlexNet } from '../dist/index.js';

const [folder, engine, batch, seconds] = process.argv.slice(2);
const alexnet = await AlexNet.load(`${folder}/models/checked.safetensors`, {
  engine,
  batch: Number(batch),
});
const four = new Float32Array(Uint8Array.from(readFileSync(`${folder}/input.f32`)).buffer);
const images = new Float32Array((four.length / 4) * Number(batch));
for (let at = 0; at < images.length; at += four.length)
  images.set(four.subarray(0, Math.min(four.length, images.length - at)), at);
await alexnet.session.forward(images);

const [cpu, begin] = [process.cpuUsage(), performance.now()];
let done = 0;
while (performance.now() - begin < 1000 * Number(seconds)) {
  await alexnet.session.forward(images);
  done += Number(batch);
}
const { user, system } = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    phase: 'the engine alone',
    engine: alexnet.session.engine,
    batch: Number(batch),
    imagesPerSecond: Number(((1000 * done) / (performance.now() - begin)).toFixed(1)),
    cpuMillisecondsPerImage: Number(((user + system) / 1000 / done).toFixed(1)),
  }),
);
await alexnet.dispose();

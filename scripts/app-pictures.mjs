// Draws the app's example pictures, web/pictures/*.jpg: scenes that `alexnet demo` draws too,
// larger, for the small model; and things that the one trained on photographs knows.
// node scripts/app-pictures.mjs, after `make build`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { drawScene, sceneClasses } from '../dist/data/scenes/scene.js';

/**
 * Chosen by eye among the first twelve of each class: another seed than any model was trained
 * on.
 */
const seed = 77;
const chosen = {
  boat: [6, 3],
  car: [2, 7],
  face: [4, 10],
  fish: [1, 10],
  house: [1, 10],
  star: [8, 9],
};

const folder = fileURLToPath(new URL('../web/pictures', import.meta.url));
await mkdir(folder, { recursive: true });
for (const [label, name] of sceneClasses.entries()) {
  for (const [i, number] of chosen[name].entries()) {
    const { width, height, data } = await drawScene({ seed, label, number }, 256);
    await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 88, mozjpeg: true })
      .toFile(`${folder}/${name}${i === 0 ? '' : `-${i + 1}`}.jpg`);
  }
}

/** `count` times, from 0. */
const each = (count, draw) => Array.from({ length: count }, (_, i) => draw(i)).join('');

function petal(i) {
  const colour = i % 2 === 0 ? '#ffcf2e' : '#f5b800';
  return `<ellipse cy="-78" rx="17" ry="46" fill="${colour}" transform="rotate(${20 * i})"/>`;
}

/** Seeds stand the golden angle apart. */
function seedDot(i) {
  const [angle, radius] = [2.39996 * i, 6 * Math.sqrt(i)];
  const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)];
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.4"/>`;
}

const drawings = {
  sunflower: `
    <rect width="256" height="256" fill="#2f5d2a"/>
    <g fill="#3f7a34">
      <ellipse cx="40" cy="60" rx="60" ry="34" transform="rotate(30 40 60)"/>
      <ellipse cx="226" cy="210" rx="70" ry="34" transform="rotate(-40 226 210)"/>
      <ellipse cx="220" cy="40" rx="50" ry="28" transform="rotate(-30 220 40)"/>
    </g>
    <g transform="translate(128 128)">${each(18, petal)}<circle r="50" fill="#4a2c12"/>
    <g fill="#7a4a1e">${each(60, seedDot)}</g></g>`,
  umbrella: `
    <rect width="256" height="256" fill="#fff"/>
    <path fill="#b3222b" d="M20 128A108 104 0 0 1 236 128Q218 112 200 128Q182 112 164 128Q146 112
      128 128Q110 112 92 128Q74 112 56 128Q38 112 20 128Z"/>
    <path fill="none" stroke="#7c1219" stroke-width="3" d="M128 24Q88 60 92 128M128 24Q168 60 164
      128M128 24Q50 60 56 128M128 24Q206 60 200 128"/>
    <path fill="none" stroke="#4a2c12" stroke-width="7" stroke-linecap="round"
      d="M128 14V214q0 22 20 22t20-20"/>`,
  'yin-yang': `
    <rect width="256" height="256" fill="#fff"/>
    <g transform="translate(128 128)">
      <circle r="112" fill="#fff" stroke="#000" stroke-width="5"/>
      <path d="M0-112A112 112 0 0 0 0 112A56 56 0 0 0 0 0A56 56 0 0 1 0-112Z"/>
      <circle cy="-56" r="16"/><circle cy="56" r="16" fill="#fff"/>
    </g>`,
};
for (const [name, inside] of Object.entries(drawings)) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">${inside}</svg>`;
  await sharp(Buffer.from(svg))
    .flatten({ background: '#fff' })
    .jpeg({ quality: 88, mozjpeg: true })
    .toFile(`${folder}/${name}.jpg`);
}

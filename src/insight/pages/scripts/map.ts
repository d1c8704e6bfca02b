/**
 * The script of the map page, written into it as it is compiled: it may import nothing.
 * A canvas of photographs; the pointer or the arrow keys go from one to the next.
 */
interface MapData {
  readonly points: readonly { readonly name: string; readonly label: number }[];
  readonly classes: readonly string[];
  readonly layouts: Readonly<Record<string, readonly number[]>>;
  readonly sprite: { readonly columns: number; readonly side: number };
}

const data = JSON.parse(document.getElementById('data')!.textContent) as MapData;
const canvas = document.querySelector('canvas')!;
const context = canvas.getContext('2d')!;
const sprite = document.getElementById('sprite') as HTMLImageElement;
const chosenName = document.getElementById('chosen-name')!;
const chosenPicture = document.getElementById('chosen-picture') as HTMLCanvasElement;
const classFilter = document.getElementById('class') as HTMLSelectElement;
const thumbnails = document.getElementById('thumbnails') as HTMLInputElement;

let layout = Object.keys(data.layouts)[0]!;
let places = scaled();
let chosen = -1;

/** The layout in the canvas, margins left. */
function scaled(): { x: number; y: number }[] {
  const values = data.layouts[layout]!;
  const xs = values.filter((_, i) => i % 2 === 0);
  const ys = values.filter((_, i) => i % 2 === 1);
  const [left, right, top, bottom] = [
    Math.min(...xs),
    Math.max(...xs),
    Math.min(...ys),
    Math.max(...ys),
  ];
  const margin = 30;
  const along = (value: number, from: number, to: number, length: number): number =>
    margin + ((value - from) / (to - from || 1)) * (length - 2 * margin);
  return data.points.map((_, i) => ({
    x: along(xs[i]!, left, right, canvas.width),
    y: along(-ys[i]!, -bottom, -top, canvas.height),
  }));
}

function hue(label: number): string {
  return `oklch(0.62 0.16 ${Math.round((label * 360) / data.classes.length)})`;
}

function shown(i: number): boolean {
  return classFilter.value === '' || data.points[i]!.label === Number(classFilter.value);
}

function drawThumbnail(
  target: CanvasRenderingContext2D,
  i: number,
  x: number,
  y: number,
  side: number,
): void {
  const { columns, side: cell } = data.sprite;
  target.drawImage(
    sprite,
    (i % columns) * cell,
    Math.floor(i / columns) * cell,
    cell,
    cell,
    x,
    y,
    side,
    side,
  );
}

function draw(): void {
  context.clearRect(0, 0, canvas.width, canvas.height);
  const side = Math.max(16, Math.min(40, 900 / Math.sqrt(data.points.length)));
  data.points.forEach(({ label }, i) => {
    const { x, y } = places[i]!;
    context.globalAlpha = shown(i) ? 1 : 0.08;
    if (thumbnails.checked) {
      context.fillStyle = hue(label);
      context.fillRect(x - side / 2 - 2, y - side / 2 - 2, side + 4, side + 4);
      drawThumbnail(context, i, x - side / 2, y - side / 2, side);
    } else {
      context.fillStyle = hue(label);
      context.beginPath();
      context.arc(x, y, 5, 0, 2 * Math.PI);
      context.fill();
    }
  });
  context.globalAlpha = 1;
  if (chosen < 0) return;
  const { x, y } = places[chosen]!;
  drawThumbnail(context, chosen, x - 40, y - 40, 80);
  context.strokeStyle = hue(data.points[chosen]!.label);
  context.lineWidth = 4;
  context.strokeRect(x - 42, y - 42, 84, 84);
}

function choose(i: number): void {
  chosen = i;
  const { name, label } = data.points[i]!;
  chosenName.textContent = `${data.classes[label]!}: ${name}`;
  drawThumbnail(chosenPicture.getContext('2d')!, i, 0, 0, chosenPicture.width);
  draw();
}

/** The nearest point, of those that `allowed` says. */
function nearestTo(x: number, y: number, allowed: (i: number) => boolean): number {
  let best = -1;
  let least = Infinity;
  places.forEach((place, i) => {
    const distance = Math.hypot(place.x - x, place.y - y);
    if (shown(i) && allowed(i) && distance < least) [best, least] = [i, distance];
  });
  return best;
}

canvas.addEventListener('pointermove', (event) => {
  const box = canvas.getBoundingClientRect();
  const i = nearestTo(
    ((event.clientX - box.left) * canvas.width) / box.width,
    ((event.clientY - box.top) * canvas.height) / box.height,
    () => true,
  );
  if (i >= 0 && i !== chosen) choose(i);
});

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

canvas.addEventListener('keydown', (event) => {
  const direction = directions[event.key];
  if (direction === undefined) return;
  event.preventDefault();
  const from = places[chosen] ?? { x: canvas.width / 2, y: canvas.height / 2 };
  const towards = (candidate: number): number => {
    const [dx, dy] = [places[candidate]!.x - from.x, places[candidate]!.y - from.y];
    return candidate === chosen ? -1 : (dx * direction[0] + dy * direction[1]) / Math.hypot(dx, dy);
  };
  // Straight ahead if there is one, else anywhere on that side, so that none is out of reach.
  const ahead = nearestTo(from.x, from.y, (candidate) => towards(candidate) >= 0.7);
  const i = ahead >= 0 ? ahead : nearestTo(from.x, from.y, (candidate) => towards(candidate) > 0);
  if (i >= 0) choose(i);
});

for (const input of document.querySelectorAll<HTMLInputElement>('input[name=layout]')) {
  input.addEventListener('change', () => {
    layout = input.value;
    places = scaled();
    draw();
  });
}
classFilter.addEventListener('change', draw);
thumbnails.addEventListener('change', draw);
sprite.decode().then(draw, draw);

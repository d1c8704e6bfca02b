import { escape, madeBy } from '../../html.ts';
import { describeLayer } from '../describe.ts';
import type { Layer, LayerType, Network } from '../layer.ts';
import { formatShape } from '../shapes.ts';
import { isVector, layOut, oblique } from './layout.ts';
import type { Box, Column, Layout, Scales, Spacing } from './layout.ts';
import { stagesOf } from './stages.ts';
import type { Talk } from './stages.ts';

const colours: Partial<Record<LayerType, string>> = {
  input: '#c9ced6',
  convolution: '#8fb8e8',
  maxPool: '#b9dcc0',
  averagePool: '#b9dcc0',
  adaptiveAveragePool: '#b9dcc0',
  dense: '#f0c48a',
};
const ink = '#1f2733';
const faint = '#6b7686';
const crossing = '#c0392b';
const lineHeight = 14;

/**
 * A network as a picture in SVG: boxes to scale, towers side by side, arrows where the towers talk.
 * It needs no other file.
 * @param title stands above it, as it is.
 * @throws {AlexNetError} what `inferShapes` throws.
 */
export function drawNetwork(network: Network, title: string): string {
  const layout = layOut(stagesOf(network));
  const { columns, width, bottom } = layout;
  const captions = columns.map(captionLines);
  const legendY = bottom + lineHeight * (1 + Math.max(...captions.map((lines) => lines.length)));
  const legend = legendOf(layout);
  const height = legendY + lineHeight * legend.length + 16;
  const size =
    `viewBox="0 0 ${round(width)} ${round(height)}"` +
    ` width="${round(width)}" height="${round(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${lettering}>`,
    madeBy.svg,
    `<title>${escape(title)}</title>`,
    arrowHeads(),
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(24, 32, title, { size: 16, weight: 600, anchor: 'start' }),
    ...boxesAndArrows(layout),
    ...captionsOf(layout, captions),
    ...legend.map((line, i) =>
      text(24, legendY + i * lineHeight, line.text, { anchor: 'start', colour: line.colour }),
    ),
    '</svg>\n',
  ].join('\n');
}

/** The same without title, constants and legend, and closer together: to stand in a page. */
export interface CompactDrawing {
  readonly width: number;
  readonly height: number;
  /** Elements, to be put into an `svg` of that size. */
  readonly content: string;
}

const close: Spacing = { margin: 4, top: 8, narrowestColumn: 62, gap: 12 };

/** @throws {AlexNetError} what `inferShapes` throws. */
export function drawNetworkCompactly(network: Network): CompactDrawing {
  const layout = layOut(stagesOf(network), close);
  const captions = layout.columns.map(shortCaption);
  const parts = [arrowHeads(), ...boxesAndArrows(layout), ...captionsOf(layout, captions)];
  return {
    width: round(layout.width),
    height: layout.bottom + 2.5 * lineHeight,
    content: parts.join(''),
  };
}

/** Name, number of towers, shape: each on a line of its own. */
function shortCaption({ stage: { layer, output }, boxes }: Column): CaptionLine[] {
  const [channels, height, width] = output;
  const shape = formatShape([channels / boxes.length, height, width]);
  const lines = boxes.length === 1 ? [shape] : [`${boxes.length} ×`, shape];
  return [{ line: layer.name, weight: 600 }, ...lines.map((line) => ({ line }))];
}

const lettering = `font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="11"`;

function boxesAndArrows({ columns, scales }: Layout): string[] {
  return [
    ...columns.flatMap((column, i) => (i === 0 ? [] : links(columns[i - 1]!, column))),
    ...columns.flatMap((column) =>
      column.boxes.map((box) => drawBox(box, colours[column.stage.layer.type] ?? '#dddddd')),
    ),
    ...columns.slice(1).flatMap((column, i) => windows(columns[i]!, column, scales)),
  ];
}

function captionsOf(
  { columns, bottom }: Layout,
  captions: readonly (readonly CaptionLine[])[],
): string[] {
  return columns.flatMap((column, i) =>
    captions[i]!.map(({ line, weight, colour }, row) =>
      text(column.middle, bottom + row * lineHeight, line, { weight, colour }),
    ),
  );
}

function arrowHeads(): string {
  return `<defs>${arrowHead('plain', faint)}${arrowHead('crossing', crossing)}</defs>`;
}

/** Front, top and side of a box; a vector is a bar. */
function drawBox(box: Box, fill: string): string {
  const { x, y, width, height, depthX, depthY } = box;
  const shape = (points: readonly Point[], shade: number): string =>
    `<polygon points="${points.map(at).join(' ')}" fill="${fill}" stroke="${ink}" ` +
    `stroke-width="0.8" stroke-linejoin="round"${shade === 1 ? '' : ` fill-opacity="${shade}"`}/>`;
  const right = x + width;
  const low = y + height;
  const front = shape(
    [
      [x, y],
      [right, y],
      [right, low],
      [x, low],
    ],
    1,
  );
  if (depthX === 0) return front;
  const topFace = shape(
    [
      [x, y],
      [x + depthX, y - depthY],
      [right + depthX, y - depthY],
      [right, y],
    ],
    0.45,
  );
  const side = shape(
    [
      [right, y],
      [right + depthX, y - depthY],
      [right + depthX, low - depthY],
      [right, low],
    ],
    0.7,
  );
  return topFace + side + front;
}

/** Arrows from the boxes of one column to those of the next. */
function links(from: Column, to: Column): string[] {
  return from.boxes.flatMap((source, a) =>
    to.boxes.flatMap((target, b) => {
      const straight = a === b || from.boxes.length === 1 || to.boxes.length === 1;
      if (straight) return [arrow(outOf(source), into(target), 'none')];
      return to.stage.talk === 'all' || (to.stage.talk === 'border' && Math.abs(a - b) === 1)
        ? [arrow(outOf(source), into(target), to.stage.talk)]
        : [];
    }),
  );
}

type Point = readonly [x: number, y: number];

/** The middle of a box's right side. */
function outOf({ x, y, width, height, depthX, depthY }: Box): Point {
  return [x + width + depthX / 2, y + height / 2 - depthY / 2];
}

/** On a box's left edge, as high as {@link outOf}, so that arrows within a tower are level. */
function into({ x, y, height, depthY }: Box): Point {
  return [x - 3, y + height / 2 - depthY / 2];
}

function arrow([x1, y1]: Point, [x2, y2]: Point, talk: Talk): string {
  const dashes = talk === 'border' ? ' stroke-dasharray="4 3"' : '';
  const kind = talk === 'none' ? 'plain' : 'crossing';
  return (
    `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ` +
    `stroke="${talk === 'none' ? faint : crossing}" stroke-width="1.1"${dashes} ` +
    `marker-end="url(#${kind})"/>`
  );
}

function arrowHead(id: string, colour: string): string {
  return (
    `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" ` +
    `markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="${colour}"/></marker>`
  );
}

/** On every box what one output of the next layer sees of it, to scale. */
function windows(from: Column, to: Column, scales: Scales): string[] {
  const window = to.stage.window;
  if (window === undefined || isVector(from.stage.output)) return [];
  const [, rows, columns] = from.stage.output;
  const height = Math.min(window[0], rows) * scales.cell;
  const depth = Math.min(window[1], columns) * scales.cell;
  return from.boxes.map((box) => {
    const [x, y] = outOf(box);
    const left = x - (depth * oblique.x) / 2;
    const corner = y + (depth * oblique.y) / 2 - height / 2;
    const points: readonly Point[] = [
      [left, corner],
      [left + depth * oblique.x, corner - depth * oblique.y],
      [left + depth * oblique.x, corner - depth * oblique.y + height],
      [left, corner + height],
    ];
    return (
      `<polygon points="${points.map(at).join(' ')}" fill="#ffffff" fill-opacity="0.75" ` +
      `stroke="${ink}" stroke-width="0.8"/>`
    );
  });
}

interface CaptionLine {
  readonly line: string;
  readonly weight?: number;
  readonly colour?: string;
}

function captionLines({ stage, boxes }: Column): CaptionLine[] {
  const { layer, input, output, after } = stage;
  const shape =
    boxes.length === 1
      ? formatShape(output)
      : `${boxes.length} × ${formatShape([output[0] / boxes.length, output[1], output[2]])}`;
  const constants =
    layer.type === 'dense'
      ? []
      : describeLayer(layer, input)
          .split(', ')
          .filter((line) => line !== '');
  return [
    { line: layer.name, weight: 600 },
    { line: shape },
    ...constants.map((line) => ({ line, colour: faint })),
    ...after.map((behind) => ({ line: spoken(behind), colour: faint })),
  ];
}

function spoken(layer: Layer): string {
  switch (layer.type) {
    case 'relu':
      return '+ ReLU';
    case 'tanh':
      return '+ tanh';
    case 'lrn':
      return layer.across === 'map' ? '+ LRN in each map' : '+ LRN';
    case 'dropout':
      return `+ dropout ${layer.rate}`;
    default:
      return `+ ${layer.name}`;
  }
}

function legendOf({ columns, scales }: Layout): { text: string; colour: string }[] {
  const several = columns.some(({ boxes }) => boxes.length > 1);
  const talks = new Set(
    columns.flatMap(({ stage, boxes }, i) =>
      i > 0 && boxes.length > 1 && columns[i - 1]!.boxes.length > 1 ? [stage.talk] : [],
    ),
  );
  return [
    {
      text:
        `To scale: height and depth of a box are the map (${scaleText(scales.cell)} px a ` +
        `cell), its width the channels (${scaleText(scales.channel)} px each); a bar is a ` +
        `vector (${scaleText(scales.unit)} px a unit). The white patch is what one output of ` +
        'the next layer sees.',
      colour: faint,
    },
    ...(several && talks.has('all')
      ? [
          {
            text:
              '→ Here the towers talk: each reads the maps of all. Elsewhere a tower sees ' +
              'its own maps only.',
            colour: crossing,
          },
        ]
      : []),
    ...(several && talks.has('border')
      ? [
          {
            text: '⇢ Here windows of the LRN reach over the border between the towers.',
            colour: crossing,
          },
        ]
      : []),
  ];
}

interface TextStyle {
  readonly size?: number | undefined;
  readonly weight?: number | undefined;
  readonly colour?: string | undefined;
  readonly anchor?: 'start' | 'middle' | undefined;
}

function text(
  x: number,
  y: number,
  content: string,
  { size, weight, colour = ink, anchor = 'middle' }: TextStyle,
): string {
  const extra =
    (size === undefined ? '' : ` font-size="${size}"`) +
    (weight === undefined ? '' : ` font-weight="${weight}"`);
  return (
    `<text x="${round(x)}" y="${round(y)}" fill="${colour}" ` +
    `text-anchor="${anchor}"${extra}>${escape(content)}</text>`
  );
}

function at([x, y]: Point): string {
  return `${round(x)},${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function scaleText(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}

import type { Chance } from './chance.ts';

/**
 * Draws a thing of its kind as SVG, around the origin, about from −1 to 1; `paint` gives any
 * colour.
 */
export type Thing = (chance: Chance, paint: () => string) => string;

export function polygon(points: readonly (readonly [number, number])[], fill: string): string {
  const corners = points.map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join(' ');
  return `<polygon points="${corners}" fill="${fill}"/>`;
}

export function circle(x: number, y: number, radius: number, fill: string): string {
  const [cx, cy, r] = [x, y, radius].map((value) => value.toFixed(3));
  return `<circle cx="${cx}" cy="${cy}" r="${r}" fill="${fill}"/>`;
}

export function box(x: number, y: number, width: number, height: number, fill: string): string {
  const [left, top, wide, high] = [x, y, width, height].map((value) => value.toFixed(3));
  return `<rect x="${left}" y="${top}" width="${wide}" height="${high}" fill="${fill}"/>`;
}

/** Six kinds of thing that differ in form alone: every colour is drawn anew for every scene. */
export const things: Readonly<Record<string, Thing>> = {
  house: (chance, paint) => {
    const wide = chance.between(0.55, 0.8);
    const roof = chance.between(0.1, 0.3);
    return (
      box(-wide, -0.1, 2 * wide, 0.95, paint()) +
      polygon(
        [
          [-wide - 0.15, -0.1],
          [chance.between(-0.2, 0.2), -0.7 - roof],
          [wide + 0.15, -0.1],
        ],
        paint(),
      ) +
      box(chance.between(-0.45, 0.1), 0.3, 0.3, 0.55, paint())
    );
  },
  car: (chance, paint) => {
    const body = paint();
    const wheels = paint();
    const cabin = chance.between(0.35, 0.55);
    return (
      polygon(
        [
          [-cabin - 0.1, -0.05],
          [-cabin + 0.1, -0.45],
          [cabin - 0.1, -0.45],
          [cabin + 0.15, -0.05],
        ],
        paint(),
      ) +
      box(-0.95, -0.05, 1.9, 0.42, body) +
      circle(-0.52, 0.4, 0.22, wheels) +
      circle(0.52, 0.4, 0.22, wheels)
    );
  },
  boat: (chance, paint) => {
    const mast = chance.between(-0.15, 0.15);
    return (
      box(mast - 0.04, -0.9, 0.08, 1.25, paint()) +
      polygon(
        [
          [mast + 0.08, -0.85],
          [mast + 0.08, 0.2],
          [mast + chance.between(0.55, 0.8), 0.2],
        ],
        paint(),
      ) +
      polygon(
        [
          [-0.9, 0.32],
          [0.9, 0.32],
          [0.55, 0.75],
          [-0.55, 0.75],
        ],
        paint(),
      )
    );
  },
  fish: (chance, paint) => {
    const thick = chance.between(0.32, 0.48);
    const side = chance.of([-1, 1]);
    const colour = paint();
    return (
      `<ellipse cx="${-0.15 * side}" cy="0" rx="0.65" ry="${thick.toFixed(3)}" fill="${colour}"/>` +
      polygon(
        [
          [0.35 * side, 0],
          [0.95 * side, -0.42],
          [0.95 * side, 0.42],
        ],
        colour,
      ) +
      circle(-0.5 * side, -0.1, 0.09, paint())
    );
  },
  face: (chance, paint) => {
    const eyes = paint();
    const apart = chance.between(0.25, 0.36);
    const left = chance.between(0.2, 0.32).toFixed(3);
    const middle = chance.between(0.55, 0.85).toFixed(3);
    const mouth =
      `<path d="M-0.4 ${left} Q0 ${middle} 0.4 0.25" fill="none" ` +
      `stroke="${eyes}" stroke-width="0.13"/>`;
    return (
      circle(0, 0, 0.9, paint()) +
      circle(-apart, -0.25, 0.14, eyes) +
      circle(apart, -0.25, 0.14, eyes) +
      mouth
    );
  },
  star: (chance, paint) => {
    const inner = chance.between(0.34, 0.46);
    const points = Array.from({ length: 10 }, (_, i) => {
      const radius = i % 2 === 0 ? 0.95 : inner;
      return [radius * Math.sin((Math.PI * i) / 5), -radius * Math.cos((Math.PI * i) / 5)] as const;
    });
    return polygon(points, paint());
  },
};

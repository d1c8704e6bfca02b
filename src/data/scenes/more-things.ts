import { box, circle, polygon } from './things.ts';
import type { Thing } from './things.ts';

/** Four kinds more, each like one of the first six in parts. */
export const moreThings: Readonly<Record<string, Thing>> = {
  tree: (chance, paint) => {
    const wide = chance.between(0.5, 0.75);
    const crown = paint();
    return (
      box(-0.12, 0.2, 0.24, 0.7, paint()) +
      polygon(
        [
          [-wide, 0.35],
          [chance.between(-0.1, 0.1), -0.95],
          [wide, 0.35],
        ],
        crown,
      )
    );
  },
  cup: (chance, paint) => {
    const tall = chance.between(0.5, 0.75);
    const side = chance.of([-1, 1]);
    const colour = paint();
    const handle =
      `<circle cx="${0.55 * side}" cy="0" r="0.3" fill="none" stroke="${colour}" ` +
      'stroke-width="0.14"/>';
    return (
      handle +
      polygon(
        [
          [-0.6, -tall],
          [0.6, -tall],
          [0.45, tall],
          [-0.45, tall],
        ],
        colour,
      )
    );
  },
  flower: (chance, paint) => {
    const petals = chance.whole(5, 7);
    const colour = paint();
    const around = Array.from({ length: petals }, (_, i) => {
      const angle = (2 * Math.PI * i) / petals;
      return circle(0.5 * Math.sin(angle), -0.5 * Math.cos(angle), 0.36, colour);
    });
    return around.join('') + circle(0, 0, chance.between(0.25, 0.35), paint());
  },
  key: (chance, paint) => {
    const colour = paint();
    const side = chance.of([-1, 1]);
    const ring =
      `<circle cx="${-0.55 * side}" cy="0" r="0.32" fill="none" stroke="${colour}" ` +
      'stroke-width="0.18"/>';
    const tooth = (at: number): string =>
      box(at * side - 0.08, 0, 0.16, chance.between(0.3, 0.45), colour);
    return (
      ring +
      box(Math.min(-0.25 * side, 0.9 * side), -0.09, 1.15, 0.18, colour) +
      tooth(0.8) +
      tooth(0.5)
    );
  },
};

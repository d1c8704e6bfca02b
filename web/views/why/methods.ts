import { words } from '../../words.ts';

export type WhyMethod = keyof typeof words.why.methods;

/** The quick ones first. */
export const methodNames = Object.keys(words.why.methods) as WhyMethod[];

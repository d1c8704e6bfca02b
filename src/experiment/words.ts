import { confidence } from './comparison.ts';
import type { Comparison, Verdict } from './comparison.ts';
import type { Experiment, Measure, Trial } from './experiment.ts';
import { halfWidth, pairsNeeded } from './statistics.ts';
import type { Interval } from './statistics.ts';
import { counted, percent } from '../text.ts';

const told: Readonly<Record<Verdict, string>> = {
  shown: 'Shown at this scale',
  'not shown': 'Not shown at this scale',
  'the other way round': 'The other way round at this scale',
  'one pair says nothing': 'One pair says nothing about chance',
};

/** The verdict with the numbers that it rests on. */
export function verdictSentence(
  { measure, arms }: Experiment,
  { difference, verdict, gap }: Comparison,
): string {
  const others = arms.length > 2 ? 'the mean of the others' : arms[1].name;
  const what =
    measure.kind === 'top1'
      ? `${arms[0].name} is ${amount(difference.mean, measure)} of top-1 against ${others}`
      : `${others} takes ${amount(difference.mean, measure)} as many epochs as ${arms[0].name} to ` +
        `${percentOf(measure.error)} training error`;
  const pairs = counted(difference.count, 'pair');
  const sentence = `${told[verdict]}: ${what} (${intervalText(difference, measure)}, ${pairs}).`;
  if (gap === undefined) return sentence;
  const top1: Measure = { kind: 'top1' };
  const less = bare(Math.abs(gap.mean), top1);
  return (
    `${sentence} The gap to the training pictures is ${less} points ` +
    `${gap.mean >= 0 ? 'smaller' : 'larger'} ${arms[0].name} (${intervalText(gap, top1)}).`
  );
}

/** `95 % interval 0.3 to 2.1 points`. */
export function intervalText({ low, high }: Interval, measure: Measure): string {
  if (low === null || high === null) return 'no interval';
  const unit = measure.kind === 'top1' ? ' points' : ' times';
  return `${percentOf(confidence)} interval ${bare(low, measure)} to ${bare(high, measure)}${unit}`;
}

/** `+1.2 points`, `1.62 times`. */
export function amount(value: number, measure: Measure): string {
  if (measure.kind === 'epochs') return `${bare(value, measure)} times`;
  return `${value > 0 ? '+' : ''}${bare(value, measure)} points`;
}

/** The number alone: points of a fraction, or a factor. */
export function bare(value: number, measure: Measure): string {
  const number = measure.kind === 'top1' ? (100 * value).toFixed(1) : value.toFixed(2);
  return number.replace(/^-(0\.0+)$/, '$1').replace('-', '−');
}

export function percentOf(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(3))} %`;
}

/** `10.3 epochs`, or how far it came. */
export function trialWords({ epochs, after }: Trial): string {
  if (epochs !== null) return `${epochs.toFixed(1)} epochs`;
  return after === undefined
    ? 'slower than the best'
    : `${percent(after.error)} error after ${counted(after.epochs, 'epoch')}`;
}

/** How the interval came about, and what would change the verdict: a sentence each. */
export function statisticsWords(
  { measure, arms }: Experiment,
  { difference, pairs, each, verdict }: Comparison,
): string[] {
  const { count } = difference;
  const factor = measure.kind === 'epochs';
  const value = factor
    ? `epochs of ${arms.length > 2 ? 'the others (their mean)' : arms[1].name} divided by epochs ` +
      `of ${arms[0].name}`
    : `top-1 of ${arms[0].name} less top-1 of ${arms.length > 2 ? 'the others (their mean)' : arms[1].name}`;
  const words = [
    `A pair is one seed: all arms with the same chance. Its value: ${value}. There are ` +
      `${counted(count, 'pair')}.`,
    factor
      ? 'The mean is that of the logarithms (a geometric mean), because factors multiply; so is ' +
        'the interval.'
      : 'Each network is the one after its last epoch: none was picked for its score.',
  ];
  if (difference.low === null)
    return [...words, 'One pair has no spread, and so no interval: take more seeds.'];
  words.push(
    `The interval is Student’s t for paired differences: mean ± t·s/√n with n = ${count}, at ` +
      `${percentOf(confidence)}. It takes the pairs as independent and their values as about ` +
      'normally distributed; with so few that cannot be checked.',
    `The verdict follows from it alone. “Shown”: the whole interval lies on the claim’s side of ` +
      `${factor ? '1' : '0'}. “The other way round”: on the other side. Else “not shown”, which ` +
      'does not mean that there is no difference.',
    ...sizeWords(difference, measure, verdict),
  );
  if (each.length > 0)
    words.push(
      `The rows for single arms are ${each.length} questions at once: their intervals are wider ` +
        `(${percentOf(1 - (1 - confidence) / each.length)} each, Bonferroni), so that all hold ` +
        `together with ${percentOf(confidence)}.`,
    );
  if (pairs.some(({ value: own }) => !Number.isFinite(own)))
    words.push('A value is not finite: the interval means nothing.');
  return words;
}

/** What difference so many pairs can tell, and how many it would take. */
function sizeWords(difference: Interval, measure: Measure, verdict: Verdict): string[] {
  const { count } = difference;
  const factor = measure.kind === 'epochs';
  const mean = factor ? Math.log(difference.mean) : difference.mean;
  const deviation = factor ? Math.log(difference.deviation!) : difference.deviation!;
  const half = halfWidth(deviation, count, confidence);
  const least = factor
    ? `a factor under ${Math.exp(half).toFixed(2)}`
    : `a difference under ${(100 * half).toFixed(1)} points`;
  const words = [`With this spread and ${count} pairs, ${least} would not have been told.`];
  if (verdict !== 'not shown') return words;
  const needed = pairsNeeded(mean, deviation, confidence);
  return [
    ...words,
    needed === undefined
      ? 'Were the mean the true difference, a thousand pairs would not tell it.'
      : `Were the mean the true difference, about ${needed} pairs would tell it: --seeds ${needed}.`,
    'How many is to be settled before they are run: who adds seeds until a verdict pleases, finds ' +
      'one by chance.',
  ];
}

import { UsageError } from '../../../errors.ts';
import type { Preprocessing } from '../../../images/preprocessing.ts';

/**
 * The colour that covers, in the network's input: `mean` is zeros; bytes go through the
 * preprocessing (of a mean image, mid-grey is taken off).
 */
export function fillOf(
  text: string,
  { channels, scale, mean, deviation }: Preprocessing,
): number[] {
  if (text === 'mean') return [0, 0, 0];
  const named = { black: '#000000', white: '#ffffff' }[text] ?? text;
  if (!/^#[0-9a-f]{6}$/i.test(named))
    throw new UsageError(
      `Expected --fill to be mean, black, white or a colour like #80ff00 but found "${text}".`,
    );
  const rgb = [1, 3, 5].map((at) => Number.parseInt(named.slice(at, at + 2), 16));
  const ordered = channels === 'RGB' ? rgb : rgb.toReversed();
  return ordered.map(
    (byte, c) => (byte * scale - ('tensor' in mean ? 127.5 * scale : mean[c]!)) / deviation[c]!,
  );
}

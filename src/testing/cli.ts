import { main } from '../cli/main.ts';

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `alexnet …` in this process, on streams that are no terminals unless said so. */
export async function command(
  argv: readonly string[],
  { isTTY = false, columns = 80 } = {},
): Promise<CommandResult> {
  const texts = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    isTTY,
    columns,
    write: (text: string) => ((texts[name] += text), true),
    on: () => undefined,
  });
  const code = await main(argv, { stdout: stream('out'), stderr: stream('err') });
  return { code, ...texts };
}

/** As much of `process.stdout` as is used, so that tests can pass their own. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/**
 * Where a command speaks. Answers go to standard output; progress, remarks and errors to standard
 * error, so that `--json` leaves one JSON value on standard output and nothing else.
 */
export class Terminal {
  readonly #out: TerminalStream;
  readonly #err: TerminalStream;
  #json = false;
  #quiet = false;

  constructor(out: TerminalStream, err: TerminalStream) {
    this.#out = out;
    this.#err = err;
  }

  /** Takes over what the common options say; called before every action. */
  configure({
    json = false,
    quiet = false,
  }: {
    readonly json?: boolean;
    readonly quiet?: boolean;
  }): void {
    this.#json = json;
    this.#quiet = quiet;
  }

  /** Whether a person reads standard output. */
  get interactive(): boolean {
    return this.#out.isTTY === true;
  }

  /** Whether progress may redraw its line on standard error. */
  get animated(): boolean {
    return this.#err.isTTY === true && !this.#quiet && process.env['TERM'] !== 'dumb';
  }

  /** Characters in a line of standard output; plenty where nobody looks. */
  get columns(): number {
    return this.interactive ? (this.#out.columns ?? 80) : Infinity;
  }

  /** Characters in a line of standard error, where progress is redrawn. */
  get width(): number {
    return this.#err.columns ?? 80;
  }

  /** The command's answer: `value` as JSON with `--json`, else what `text` gives. */
  answer(value: unknown, text: () => string): void {
    this.write(this.#json ? `${JSON.stringify(value)}\n` : `${text()}\n`);
  }

  /** A line of progress or a remark, left out with `--quiet`. */
  note(line: string): void {
    if (!this.#quiet) this.#err.write(`${line}\n`);
  }

  /** Progress that redraws its own line; '' wipes it. Only where it is {@link animated}. */
  progress(line: string): void {
    if (this.animated) this.#err.write(`\r\u001b[2K${line}`);
  }

  error(message: string): void {
    this.#err.write(`${message}\n`);
  }

  /** Text on standard output as it is. */
  write(text: string): void {
    this.#out.write(text);
  }

  bold(text: string): string {
    return this.#style(1, text);
  }

  dim(text: string): string {
    return this.#style(2, text);
  }

  green(text: string): string {
    return this.#style(32, text);
  }

  red(text: string): string {
    return this.#style(31, text);
  }

  /** An ANSI style on a terminal that wants colours (https://no-color.org). */
  #style(code: number, text: string): string {
    const plain =
      !this.interactive || (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
    return plain ? text : `\u001b[${code}m${text}\u001b[0m`;
  }
}

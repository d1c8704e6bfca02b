import { printable } from '../text.ts';

/**
 * Styles stand in texts as characters that are none (U+FDD0 to U+FDEF), and become escape
 * sequences as the very last: so that whatever else would steer a terminal, from the name of a
 * file or a label, can be told from them and is written out instead.
 */
const styleMarks: Readonly<Record<string, number>> = {
  '\ufdd0': 0,
  '\ufdd1': 1,
  '\ufdd2': 2,
  '\ufdd3': 31,
  '\ufdd4': 32,
};
const anyMark = /[\ufdd0-\ufdd4]/g;

/** Text without its styles, to count its characters. */
export function unstyled(text: string): string {
  return text.replace(anyMark, '');
}

function shown(text: string): string {
  return printable(text, 'lines').replace(anyMark, (mark) => `\u001b[${styleMarks[mark]}m`);
}

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
  readonly #leave: ((code: number) => void) | undefined;
  #leaving: { readonly timer: NodeJS.Timeout; message: string } | undefined;
  #json = false;
  #quiet = false;

  /** @param leave ends the process; without it nothing here does. */
  constructor(out: TerminalStream, err: TerminalStream, leave?: (code: number) => void) {
    this.#out = out;
    this.#err = err;
    this.#leave = leave;
  }

  /**
   * Ends the process with this message and code 1 unless {@link stay} is called within
   * `milliseconds`: for work that was stopped, while an engine still computes what nobody will
   * read. Called again it changes the message.
   */
  leaveWithin(milliseconds: number, message: string): void {
    const leave = this.#leave;
    if (leave === undefined) return;
    if (this.#leaving !== undefined) {
      this.#leaving.message = message;
      return;
    }
    const timer = setTimeout(() => {
      this.error(this.#leaving!.message);
      leave(1);
    }, milliseconds);
    this.#leaving = { timer, message };
  }

  /** All is put away: the process ends by itself. */
  stay(): void {
    clearTimeout(this.#leaving?.timer);
    this.#leaving = undefined;
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
    if (!this.#quiet) this.#err.write(`${shown(line)}\n`);
  }

  /** Progress that redraws its own line; '' wipes it. Only where it is {@link animated}. */
  progress(line: string): void {
    if (this.animated) this.#err.write(`\r\u001b[2K${shown(line)}`);
  }

  error(message: string): void {
    this.#err.write(`${shown(message)}\n`);
  }

  /** Text on standard output; control characters in it are written out. */
  write(text: string): void {
    this.#out.write(shown(text));
  }

  bold(text: string): string {
    return this.#style('\ufdd1', text);
  }

  dim(text: string): string {
    return this.#style('\ufdd2', text);
  }

  green(text: string): string {
    return this.#style('\ufdd4', text);
  }

  red(text: string): string {
    return this.#style('\ufdd3', text);
  }

  /** An ANSI style on a terminal that wants colours (https://no-color.org). */
  #style(mark: string, text: string): string {
    const plain =
      !this.interactive || (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
    return plain ? text : `${mark}${text}\ufdd0`;
  }
}

import { AlexNetError } from '../errors.ts';

/** Why a file gives no picture. */
export type ProblemKind =
  | 'missing'
  | 'forbidden'
  | 'notAFile'
  | 'empty'
  | 'tooManyBytes'
  | 'notAPicture'
  | 'unsupported'
  | 'tooManyPixels'
  | 'truncated'
  | 'damaged'
  | 'unreadable';

/**
 * A picture that cannot be read. `kind` is for programs, `detail` for people: one or two sentences
 * without the file's name.
 */
export class UnreadablePicture extends AlexNetError {
  override readonly name = 'UnreadablePicture';
  readonly kind: ProblemKind;
  readonly detail: string;

  constructor(kind: ProblemKind, detail: string, file?: string) {
    super(file === undefined ? detail : `${file}: ${detail}`);
    this.kind = kind;
    this.detail = detail;
  }
}

import { AlexNetError } from '../../errors.ts';

/** The run was asked to stop; it is saved and can be resumed. */
export class Interrupted extends AlexNetError {
  readonly folder: string;

  constructor(message: string, folder: string) {
    super(message);
    this.folder = folder;
  }
}

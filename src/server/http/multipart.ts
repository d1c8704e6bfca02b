import { Busboy } from '@fastify/busboy';
import { Refusal } from '../refusal.ts';

/** A file of a form. */
export interface FormFile {
  /** Its name as the client gave it: told back, and used for nothing else. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface Form {
  readonly files: readonly FormFile[];
  readonly fields: ReadonlyMap<string, string>;
}

const limits = { fields: 20, fieldSize: 1000, fieldNameSize: 100, headerPairs: 20 };

/** @param maximumFiles more are refused. @throws {Refusal} where it is no form. */
export function parseForm(body: Buffer, contentType: string, maximumFiles: number): Promise<Form> {
  return new Promise((resolve, reject) => {
    const files: FormFile[] = [];
    const fields = new Map<string, string>();
    const fail = (why: string): void => reject(new Refusal('wrong', `The form ${why}.`));
    let form: InstanceType<typeof Busboy>;
    try {
      form = new Busboy({
        headers: { 'content-type': contentType },
        limits: { ...limits, files: maximumFiles, parts: maximumFiles + limits.fields },
      });
    } catch (error) {
      fail(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    form.on('file', (_, stream, filename) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const name = (filename ?? '').split(/[/\\]/).at(-1)!.slice(0, 255);
        files.push({ file: name, bytes: Uint8Array.from(Buffer.concat(chunks)) });
      });
      stream.on('error', () => fail('is cut off'));
    });
    form.on('field', (name, value) => fields.set(name, value));
    form.on('filesLimit', () => fail(`has more than ${maximumFiles} files: send fewer at once`));
    form.on('partsLimit', () => fail('has too many parts'));
    form.on('error', (error: unknown) =>
      fail(`cannot be read: ${error instanceof Error ? error.message : String(error)}`),
    );
    form.on('finish', () => resolve({ files, fields }));
    form.end(body);
  });
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../refusal.ts';

/** The keys that open the server. Compared by their digests, all of them, in constant time. */
export class Keys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  get any(): boolean {
    return this.#digests.length > 0;
  }

  /**
   * Whether the headers bear one: `Authorization: Bearer KEY` or `X-API-Key: KEY`.
   */
  opens(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
    const [, bearer] = /^Bearer +(\S+) *$/i.exec(String(headers['authorization'] ?? '')) ?? [];
    const given = digest(bearer ?? String(headers['x-api-key'] ?? ''));
    let opened = false;
    for (const key of this.#digests) {
      const same = timingSafeEqual(key, given);
      opened ||= same;
    }
    return opened;
  }

  /** @throws {Refusal} where there are keys, and the headers bear none of them. */
  check(headers: Readonly<Record<string, string | string[] | undefined>>): void {
    if (!this.any || this.opens(headers)) return;
    throw new Refusal(
      'key',
      'This server wants a key: send it as "Authorization: Bearer KEY" or "X-API-Key: KEY".',
    );
  }

  /** For what changes the server. @throws {Refusal} where there are no keys at all, too. */
  checkManager(headers: Readonly<Record<string, string | string[] | undefined>>): void {
    if (this.any) return this.check(headers);
    throw new Refusal(
      'forbidden',
      'Models are loaded and unloaded only with a key: start the server with --key-file FILE.',
    );
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

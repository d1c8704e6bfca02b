import { AlexNetError } from '../errors.ts';

/** Why a request is not answered; each has one status, whatever the route. */
export type RefusalKind =
  | 'wrong'
  | 'key'
  | 'forbidden'
  | 'unknown'
  | 'method'
  | 'slow'
  | 'large'
  | 'type'
  | 'unsupported'
  | 'busy'
  | 'late'
  | 'unavailable'
  | 'gone';

const statuses: Readonly<Record<RefusalKind, number>> = {
  wrong: 400,
  key: 401,
  forbidden: 403,
  unknown: 404,
  method: 405,
  slow: 408,
  large: 413,
  type: 415,
  gone: 499, // nobody reads it: nginx's number for a client that went away
  unsupported: 501,
  busy: 503,
  late: 503,
  unavailable: 503,
};

/** A request that is refused, with a sentence for whoever sent it: no paths, no stacks. */
export class Refusal extends AlexNetError {
  override readonly name = 'Refusal';
  readonly kind: RefusalKind;
  /** Seconds after which it is worth asking again. */
  readonly retryAfter: number | undefined;

  constructor(kind: RefusalKind, message: string, retryAfter?: number) {
    super(message);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  get status(): number {
    return statuses[this.kind];
  }
}

/** Throws a {@link Refusal} of a request that is wrong, unless `condition` holds. */
export function expect(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Refusal('wrong', message());
}

import type { DecodeLimits } from '../../images/decode-limits.ts';
import type { Preprocessing } from '../../images/preprocessing.ts';
import type { ProblemKind } from '../../images/problem.ts';
import type { InferRequest } from '../protocol/request.ts';
import type { RefusalKind } from '../refusal.ts';

/** How a model's pictures become input; told once. */
export interface Reader {
  readonly preprocessing: Preprocessing;
  readonly meanImage: Float32Array | undefined;
}

export type Work =
  | {
      readonly do: 'decode';
      readonly bytes: Uint8Array;
      readonly reader: number;
      readonly crops: 1 | 10;
    }
  | { readonly do: 'parse'; readonly body: Uint8Array; readonly jsonLength: number | undefined };

export type ToWorker =
  | { readonly limits: DecodeLimits }
  | { readonly reader: number; readonly is: Reader | undefined }
  | { readonly task: number; readonly work: Work };

/** What came of a task: its result, or why there is none. */
export interface Done {
  readonly task: number;
  /** `[crops, 3, crop, crop]` */
  readonly images?: Float32Array;
  readonly request?: InferRequest;
  readonly refused?: { readonly kind: RefusalKind; readonly message: string };
  readonly unreadable?: { readonly kind: ProblemKind; readonly detail: string };
  /** A mistake of ours, with its stack. */
  readonly bug?: string;
}

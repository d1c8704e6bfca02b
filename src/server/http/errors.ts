import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemKind } from '../../images/problem.ts';
import { UnreadablePicture } from '../../images/problem.ts';
import { Refusal } from '../refusal.ts';
import type { RefusalKind } from '../refusal.ts';
import { told } from './patience.ts';

const kinds: Readonly<Partial<Record<ProblemKind, RefusalKind>>> = {
  tooManyBytes: 'large',
  tooManyPixels: 'large',
  notAPicture: 'type',
  unsupported: 'type',
};

/** What a client is told of an error: a refusal with a sentence, or that the server failed. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadablePicture)
    return new Refusal(kinds[error.kind] ?? 'wrong', pictureProblem(error));
  return undefined;
}

/** Without the words that speak to the command line. */
export function pictureProblem({ kind, detail }: UnreadablePicture): string {
  return kind === 'tooManyPixels'
    ? `${detail.replace(/ Raise the limit.*$/, '')} Send it smaller.`
    : detail;
}

/** Every error as the protocol has it: `{"error": "…"}`. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal !== undefined) return refuse(request, reply, refusal);
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) {
      told(request).refused = 'wrong';
      return sendError(reply, status, sentence(error.message));
    }
    request.log.error({ err: error }, 'failed');
    told(request).refused = 'failed';
    return sendError(
      reply,
      500,
      `The server failed. Its log says why, under the request id ${request.id}.`,
    );
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(
      request,
      reply,
      new Refusal('unknown', 'There is nothing at this address. GET /docs lists what there is.'),
    ),
  );
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  told(request).refused = refusal.kind;
  if (refusal.kind === 'key') reply.header('www-authenticate', 'Bearer');
  if (refusal.kind === 'busy' || refusal.kind === 'late' || refusal.retryAfter !== undefined)
    reply.header('retry-after', Math.max(1, refusal.retryAfter ?? 1));
  return sendError(reply, refusal.status, refusal.message);
}

export function sendError(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply
    .code(status)
    .type('application/json')
    .send(JSON.stringify({ error: message }));
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(capital) ? capital : `${capital}.`;
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AlexNetError } from '../../errors.ts';
import { predictionsFrom } from '../../inference/predictions.ts';
import { UnreadablePicture } from '../../images/problem.ts';
import type { Label } from '../../model/model.ts';
import type { QueueAnswer } from '../batching/queue.ts';
import { pictureProblem } from '../http/errors.ts';
import { parseForm } from '../http/multipart.ts';
import type { FormFile } from '../http/multipart.ts';
import { told } from '../http/patience.ts';
import type { LoadedModel } from '../models/loaded-model.ts';
import { Refusal, expect } from '../refusal.ts';
import type { ServerState } from '../state.ts';
import { joined, tell } from './infer.ts';
import { errors, list, object, prediction, text } from './schemas.ts';

interface Query {
  readonly top: number;
  readonly crops: 1 | 10;
  readonly model?: string;
}

type Request = FastifyRequest<{ Querystring: Query; Body: Buffer | undefined }>;

/** A picture, ready for the network; or why it is none. */
type Read =
  | { readonly file: string; readonly images: Float32Array }
  | { readonly file: string; readonly error: UnreadablePicture };

const query = {
  type: 'object',
  properties: {
    top: { type: 'integer', minimum: 1, maximum: 1000, default: 5, description: 'Answers.' },
    crops: {
      type: 'integer',
      enum: [1, 10],
      default: 1,
      description: "The centre, or the mean of the paper's ten crops.",
    },
    model: { ...text, maxLength: 200, description: 'Needed where several models are served.' },
  },
};

const predictions = list(prediction);
const answer = object(
  {
    model: text,
    predictions,
    pictures: list(object({ file: text, predictions, error: text }, ['predictions', 'error'])),
  },
  ['predictions', 'pictures'],
);

/** `POST /classify`: what is on a picture, or on several. */
export function classifyRoute(app: FastifyInstance, state: ServerState): void {
  app.post(
    '/classify',
    {
      schema: {
        tags: ['Pictures'],
        summary: 'What is on a picture.',
        description:
          'The body is a JPEG, PNG, WebP, GIF, AVIF or TIFF, and the answer has "predictions"; or ' +
          'a form with one or several files, and the answer has "pictures", each with its own.',
        querystring: query,
        response: { 200: answer, ...errors },
      },
      config: {
        body: {
          'image/*': { type: 'string', format: 'binary' },
          'multipart/form-data': object({ file: list({ type: 'string', format: 'binary' }) }),
        },
      },
      onRequest: async (request: Request) => {
        const { queue } = state.repository.find(modelOf(request.query, state));
        const { deadline } = told(request).patience;
        // Nothing of the query is checked yet, and no default filled in.
        const { crops }: { readonly crops?: unknown } = request.query;
        queue.checkRoom(Number(crops) === 10 ? 10 : 1, deadline, state.team.expectedSeconds);
      },
    },
    (request: Request, reply) => classify(request, reply, state),
  );
}

async function classify(
  request: Request,
  reply: FastifyReply,
  state: ServerState,
): Promise<FastifyReply> {
  const { files, single } = await picturesOf(request, state);
  const { top, crops } = request.query;
  const name = modelOf(request.query, state);
  const loaded = state.repository.find(name);
  const known = told(request);
  const pictures = files.length * crops;
  known.model = name;
  known.pictures = pictures;
  const ticket = loaded.queue.admit(pictures, known.patience);
  try {
    const read = await readAll(files, request, loaded, state);
    const readDone = performance.now();
    const good = read.flatMap((one) => ('images' in one ? [one.images] : []));
    const answers =
      good.length === 0
        ? undefined
        : await ticket.compute(joined(good), new Set(['probabilities']));
    const pictures = named(read, answers, loaded.model.labels, top);
    if (answers !== undefined)
      tell(state, loaded, {
        name,
        pictures: good.length * crops,
        since: known.since,
        read: (readDone - known.since) / 1000,
        written: 0,
        ...answers.timing,
      });
    const [first] = read;
    if (!single) return reply.send({ model: name, pictures });
    if (first !== undefined && 'error' in first) throw first.error;
    return reply.send({ model: name, predictions: pictures[0]!.predictions });
  } catch (error) {
    loaded.statistics.failed((performance.now() - known.since) / 1000);
    throw error;
  } finally {
    ticket.release();
  }
}

/** The one that is named, or the only one. */
function modelOf({ model }: Query, { repository }: ServerState): string {
  if (model !== undefined) return model;
  const [only, another] = repository.names;
  if (only !== undefined && another === undefined) return only;
  throw new Refusal(
    'wrong',
    `Several models are served: say which, with ?model=. They are: ${repository.names.join(', ')}.`,
  );
}

async function picturesOf(
  { body, headers }: Request,
  { settings }: ServerState,
): Promise<{ readonly files: readonly FormFile[]; readonly single: boolean }> {
  expect(
    body !== undefined && body.length > 0,
    () => 'Expected a picture as the body, or a form with pictures, but found nothing.',
  );
  const type = headers['content-type'] ?? '';
  if (!/^multipart\/form-data/i.test(type))
    return { files: [{ file: '', bytes: body }], single: true };
  const { files } = await parseForm(body, type, settings.queue);
  expect(
    files.length > 0,
    () => 'Expected a form with pictures as files (curl -F file=@cat.jpg) but it has none.',
  );
  return { files, single: false };
}

async function readAll(
  files: readonly FormFile[],
  request: Request,
  loaded: LoadedModel,
  { team, readerOf }: ServerState,
): Promise<Read[]> {
  const { crops } = request.query;
  const reader = readerOf(loaded);
  return Promise.all(
    files.map(async ({ file, bytes }): Promise<Read> => {
      try {
        return { file, images: await team.decode(bytes, reader, crops, told(request).patience) };
      } catch (error) {
        if (error instanceof UnreadablePicture) return { file, error };
        throw error;
      }
    }),
  );
}

interface Named {
  readonly file: string;
  readonly predictions?: readonly object[];
  readonly error?: string;
}

function named(
  read: readonly Read[],
  answers: QueueAnswer | undefined,
  labels: readonly Label[],
  top: number,
): Named[] {
  const probabilities = answers?.outputs.get('probabilities');
  const good = read.filter((one) => 'images' in one).length;
  let at = 0;
  return read.map((one) => {
    if ('error' in one) return { file: one.file, error: pictureProblem(one.error) };
    const each = probabilities!.length / good;
    const own = probabilities!.subarray(at, at + each);
    at += each;
    return { file: one.file, predictions: predictionsOf(own, labels, top) };
  });
}

/** Label, WordNet's number where there is one, place, probability. */
function predictionsOf(
  probabilities: Float32Array,
  labels: readonly Label[],
  top: number,
): object[] {
  try {
    return predictionsFrom(probabilities, labels, top).map(
      ({ name, wnid, index, probability }) => ({
        label: name,
        ...(wnid !== undefined && { wnid }),
        index,
        probability,
      }),
    );
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    throw new Refusal('unavailable', 'The network answers NaN: the weights of the model are bad.');
  }
}

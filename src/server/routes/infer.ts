import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AlexNetError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import type { Patience, Ticket } from '../batching/queue.ts';
import { told } from '../http/patience.ts';
import type { LoadedModel } from '../models/loaded-model.ts';
import { inputOf, outputShape, outputsOf } from '../protocol/description.ts';
import { parseInfer } from '../protocol/request.ts';
import type { InferInput, InferRequest } from '../protocol/request.ts';
import { writeAnswer } from '../protocol/response.ts';
import type { Answered, InferAnswer } from '../protocol/response.ts';
import { Refusal, expect } from '../refusal.ts';
import type { ServerState } from '../state.ts';
import { modelPaths } from './models.ts';
import type { ModelParams } from './models.ts';
import { errors, inferRequest, inferResponse } from './schemas.ts';

type Request = FastifyRequest<{ Params: ModelParams; Body: Buffer | undefined }>;

/** JSON of this many bytes takes a few milliseconds to read: more is read in a thread. */
const readHere = 128 * 1024;

/** `POST /v2/models/M/infer`. */
export function inferRoutes(app: FastifyInstance, state: ServerState): void {
  for (const { path, params } of modelPaths('/infer')) {
    app.post(
      path,
      {
        schema: {
          tags: ['Models'],
          summary: 'Probabilities, logits or features of images (FP32) or pictures (BYTES).',
          description:
            'The Open Inference Protocol, with its binary and classification extensions. ' +
            'Pictures in JSON are base64.',
          params,
          response: { 200: inferResponse, ...errors },
        },
        config: { body: { 'application/json': inferRequest } },
        onRequest: async (request: Request) => {
          const { queue } = state.repository.find(request.params.model, request.params.version);
          queue.checkRoom(1, told(request).patience.deadline);
        },
      },
      (request: Request, reply) => infer(request, reply, state),
    );
  }
}

async function infer(
  request: Request,
  reply: FastifyReply,
  state: ServerState,
): Promise<FastifyReply> {
  const { model: name } = request.params;
  const known = told(request);
  const began = performance.now();
  const parsed = await parse(request, state, known.patience);
  // Found again: it may have been loaded anew while the body was on its way.
  const loaded = state.repository.find(name, request.params.version);
  const [input] = parsed.inputs;
  const pictures = checkInput(input!, loaded.model);
  const outputs = checkOutputs(parsed, loaded.model, pictures);
  known.model = name;
  known.pictures = pictures;
  const patience = sooner(known.patience, began, parsed.timeout);
  const ticket = loaded.queue.admit(pictures, patience);
  try {
    const images = await imagesOf(input!, loaded, state, patience);
    const read = performance.now();
    const answer = await compute(ticket, images, outputs);
    const done = performance.now();
    const written = write(answer.outputs, outputs, parsed.id, name, loaded.model);
    tell(state, loaded, {
      name,
      pictures,
      since: known.since,
      queued: answer.timing.queued,
      computed: answer.timing.computed,
      read: (read - known.since) / 1000,
      written: (performance.now() - done) / 1000,
    });
    return send(reply, written);
  } catch (error) {
    loaded.statistics.failed((performance.now() - known.since) / 1000);
    throw error;
  } finally {
    ticket.release();
  }
}

function compute(
  ticket: Ticket,
  images: Float32Array,
  outputs: readonly Answered[],
): ReturnType<Ticket['compute']> {
  return ticket.compute(images, new Set(outputs.map(({ name }) => name)));
}

/** What a request took, for statistics and metrics. */
export function tell(
  { metrics }: Pick<ServerState, 'metrics'>,
  { statistics }: LoadedModel,
  told: {
    readonly name: string;
    readonly pictures: number;
    readonly since: number;
    readonly queued: number;
    readonly read: number;
    readonly computed: number;
    readonly written: number;
  },
): void {
  const { name, pictures, since, queued, read } = told;
  metrics.answered(name, pictures, queued, read);
  statistics.answered(pictures, { ...told, total: (performance.now() - since) / 1000 });
}

async function parse(
  request: Request,
  { team }: ServerState,
  patience: Patience,
): Promise<InferRequest> {
  const body = request.body ?? Buffer.alloc(0);
  const jsonLength = headerLength(request.headers['inference-header-content-length']);
  if ((jsonLength ?? body.length) <= readHere) return parseInfer(body, jsonLength);
  return team.parse(body, jsonLength, patience);
}

function headerLength(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  expect(
    typeof header === 'string' && /^\d{1,15}$/.test(header),
    () =>
      'Expected the header Inference-Header-Content-Length to be a number of bytes but found ' +
      `"${String(header).slice(0, 100)}".`,
  );
  return Number(header);
}

/** @returns how many pictures it has. */
function checkInput(
  { name, datatype, shape, numbers, elements }: InferInput,
  model: Model,
): number {
  const expected = inputOf(model);
  const size = expected.shape.reduce((a, b) => a * b);
  const wanted = `"${expected.name}", FP32 [n, ${expected.shape.join(', ')}] or BYTES [n]`;
  expect(
    name === undefined || name === expected.name,
    () => `There is no input "${name}". Expected ${wanted}.`,
  );
  const found = datatype === 'FP32' ? numbers!.length : elements!.length;
  const pictures = datatype === 'FP32' ? found / size : found;
  const [first, ...rest] = shape ?? [pictures, ...(datatype === 'FP32' ? expected.shape : [])];
  const fits =
    datatype === 'FP32' ? rest.join() === expected.shape.join() : rest.every((side) => side === 1);
  expect(
    fits,
    () => `Expected the input ${wanted} but found ${datatype} [${(shape ?? []).join(', ')}].`,
  );
  const count = datatype === 'FP32' ? first! * size : first!;
  expect(
    found === count && Number.isInteger(pictures) && pictures > 0,
    () =>
      `Expected the input ${wanted} but found ${found} ` +
      `${datatype === 'FP32' ? 'numbers' : 'elements'}${shape === undefined ? '' : ` for the shape [${shape.join(', ')}]`}.`,
  );
  return pictures;
}

function checkOutputs(
  { outputs, binary }: InferRequest,
  model: Model,
  pictures: number,
): Answered[] {
  const all = outputsOf(model).map(({ name }) => ({
    name,
    binary: undefined,
    classification: undefined,
  }));
  const wanted = outputs === undefined || outputs.length === 0 ? all : outputs;
  return wanted.map(({ name, binary: own, classification }) => {
    const shape = outputShape(model, name);
    expect(
      shape !== undefined,
      () =>
        `There is no output "${name}". Expected probabilities, logits, or a layer: ` +
        `${model.network.map((layer) => layer.name).join(', ')}.`,
    );
    expect(
      classification === undefined || shape.length === 1,
      () => `The output "${name}" is no vector, so it has no classes.`,
    );
    return { name, shape: [pictures, ...shape], binary: own ?? binary, classification };
  });
}

async function imagesOf(
  { numbers, elements }: InferInput,
  loaded: LoadedModel,
  state: ServerState,
  patience: Patience,
): Promise<Float32Array> {
  if (numbers !== undefined) return numbers;
  const reader = state.readerOf(loaded);
  const decoded = await Promise.all(
    elements!.map((bytes) => state.team.decode(bytes, reader, 1, patience)),
  );
  return joined(decoded);
}

export function joined(images: readonly Float32Array[]): Float32Array {
  const [only] = images;
  if (images.length === 1 && only !== undefined) return only;
  const all = new Float32Array(images.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const image of images) {
    all.set(image, at);
    at += image.length;
  }
  return all;
}

function sooner(patience: Patience, since: number, timeout: number | undefined): Patience {
  if (timeout === undefined) return patience;
  return { ...patience, deadline: Math.min(patience.deadline, since + 1000 * timeout) };
}

function write(
  found: Parameters<typeof writeAnswer>[0],
  outputs: readonly Answered[],
  id: string | undefined,
  model: string,
  { labels }: Model,
): InferAnswer {
  try {
    return writeAnswer(found, { model, id, outputs, labels });
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    throw new Refusal(
      'wrong',
      'The network answers NaN or infinity, which JSON cannot say: are the numbers that were ' +
        'sent finite, and as large as the model expects?',
    );
  }
}

function send(reply: FastifyReply, { body, jsonLength }: InferAnswer): FastifyReply {
  if (jsonLength === undefined) return reply.type('application/json').send(body);
  return reply
    .header('inference-header-content-length', jsonLength)
    .type('application/octet-stream')
    .send(body);
}

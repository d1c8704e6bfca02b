import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import swagger from '@fastify/swagger';
import fastify, { LogController } from 'fastify';
import type {
  FastifyInstance,
  FastifyRequest,
  FastifySchemaValidationError,
  FastifyServerOptions,
} from 'fastify';
import { version } from '../version.ts';
import { readBody } from './http/body.ts';
import { handleErrors } from './http/errors.ts';
import { secure } from './http/headers.ts';
import { otherMethods } from './http/methods.ts';
import { arrived, begin } from './http/patience.ts';
import type { Ended } from './http/patience.ts';
import type { Metrics } from './metrics.ts';
import { classifyRoute } from './routes/classify.ts';
import { documented } from './routes/documented.ts';
import { healthRoutes } from './routes/health.ts';
import { inferRoutes } from './routes/infer.ts';
import { metricsRoute } from './routes/metrics.ts';
import { modelRoutes, unsupportedRoutes } from './routes/models.ts';
import { pageRoutes } from './routes/pages.ts';
import { repositoryRoutes } from './routes/repository.ts';
import type { Settings } from './options.ts';
import { Refusal } from './refusal.ts';
import type { ServerState } from './state.ts';

/** Addresses that answer without a key: health, and pages that hold nothing of the models. */
const open = /^\/(v2\/health\/(live|ready)|docs|openapi\.json)?\/?$/;

/** All routes on Fastify, without a port. */
export async function buildApp(state: ServerState): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify(serverOptions(state.settings));
  app.server.maxConnections = state.settings.connections;
  const ended = tellOf(state.metrics);
  readBodies(app, state);
  handleErrors(app);
  app.setSchemaErrorFormatter(querySentence);
  app.addHook('onRequest', async (request, reply) => {
    begin(request, reply, state.settings.timeout, ended);
  });
  secure(app, state.settings.cors);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    // Browsers ask whether they may ask, and send no key with that.
    const asking = request.method === 'OPTIONS' && state.settings.cors.length > 0;
    if (!asking && !open.test(request.routeOptions.url ?? '-')) state.keys.check(request.headers);
  });
  // Also where it was asked before: clients come again, by then to another server.
  app.addHook('onSend', async (_, reply) => {
    if (state.draining) reply.header('connection', 'close');
  });
  const others = otherMethods(app);
  await app.register(swagger, documented(version, state.keys.any));
  await app.register(async (routes) => {
    await pageRoutes(routes);
    classifyRoute(routes, state);
    healthRoutes(routes, state);
    modelRoutes(routes, state);
    inferRoutes(routes, state);
    repositoryRoutes(routes, state);
    metricsRoute(routes, state);
    unsupportedRoutes(routes);
  });
  await app.after();
  others();
  await app.ready();
  return app;
}

function serverOptions({ logger, tls }: Settings): FastifyServerOptions {
  const limits = {
    // A client that sends a byte now and then holds a connection, and nothing else, for this long.
    headersTimeout: 10_000,
    connectionsCheckingInterval: 2000,
    maxHeaderSize: 16 * 1024,
  };
  return {
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 60_000,
    connectionTimeout: 120_000,
    keepAliveTimeout: 75_000,
    genReqId: requestId,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 250 },
    return503OnClosing: true,
    frameworkErrors: (error, request, reply) => {
      reply.hijack();
      request.log.info({ err: error.message }, 'not a request');
      answerRaw(reply.raw, error.statusCode ?? 400, error.message);
    },
    clientErrorHandler: (error, socket) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ECONNRESET' || socket.destroyed) return;
      const status = rawStatus(code);
      const body = JSON.stringify({ error: `The request could not be read: ${status}.` });
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nConnection: close\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    },
    ...(tls === undefined ? { http: limits } : { https: { ...limits, ...tls } }),
  };
}

function rawStatus(code: string | undefined): string {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout';
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  return '400 Bad Request';
}

function answerRaw(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ error: message });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

/** The client's own id where it is one, so that its log and ours can be read together. */
function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

function querySentence(errors: readonly FastifySchemaValidationError[], part: string): Error {
  const [first] = errors;
  const where = part === 'querystring' ? 'query' : part;
  const name = first?.instancePath.slice(1) ?? '';
  return new Refusal('wrong', `"${name}" of the ${where} ${first?.message ?? 'is not valid'}.`);
}

/** Every body is read alike, whatever type it says it has, or none (Triton's Python client). */
function readBodies(app: FastifyInstance, { settings, budget }: ServerState): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    const { bytes, release } = await readBody(payload, {
      maximumBytes: settings.maxBody,
      budget,
    });
    arrived(request, settings.timeout, release);
    return bytes;
  });
}

/** One log line and one count per request. Nothing of what is on pictures. */
function tellOf(metrics: Metrics): Ended {
  return (request, { status, seconds, model, pictures, refused }) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.request(route, request.method, status, seconds);
    if (refused !== undefined) metrics.refused(refused);
    request.log.info(
      {
        method: request.method,
        route,
        status,
        milliseconds: Math.round(1000 * seconds),
        ...(model !== undefined && { model }),
        ...(pictures !== undefined && { pictures }),
        ...(refused !== undefined && { refused }),
      },
      'answered',
    );
  };
}

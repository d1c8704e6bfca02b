import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the body may be, by content type: told in the OpenAPI document, and not checked. */
    readonly body?: Readonly<Record<string, object>>;
  }
}

/** The OpenAPI document, made of the routes. */
export function documented(version: string, keys: boolean): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'alexnet serve',
        version,
        description: 'AlexNet over HTTP: pictures, and the Open Inference Protocol.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      ...(keys && {
        components: {
          securitySchemes: {
            bearer: { type: 'http', scheme: 'bearer' },
            key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          },
        },
        security: [{ bearer: [] }, { key: [] }],
      }),
    },
    transform: ({ schema, url, route }) => {
      const body = route.config?.body;
      if (body === undefined) return { schema, url };
      const content = Object.fromEntries(
        Object.entries(body).map(([type, schema]) => [type, { schema }]),
      );
      return { schema: { ...schema, body: { content } }, url };
    },
  };
}

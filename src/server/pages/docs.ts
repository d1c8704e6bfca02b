import { escape } from '../../html.ts';
import { servedPage } from './page.ts';
import type { ServedPage } from './page.ts';

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly schema?: {
      readonly type?: string;
      readonly default?: string | number | boolean;
      readonly enum?: unknown[];
    };
  }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, unknown>> };
}

/** As much of an OpenAPI document as the page shows. */
export interface Documented {
  readonly info: { readonly version: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** `GET /docs`: every address, from the document that the routes themselves give. */
export function docsPage({ info, paths = {} }: Documented): ServedPage {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'head')
      .map(([method, operation]): Route => ({ method: method.toUpperCase(), path, operation })),
  );
  const tags = [...new Set(routes.map(tagOf))];
  const body = tags.map((tag) => {
    const own = routes.filter((route) => tagOf(route) === tag);
    return `<h2>${escape(tag)}</h2>\n${own.map(routeHtml).join('\n')}`;
  });
  return servedPage({
    title: 'alexnet serve: all addresses',
    body: `<h1>All addresses</h1>
<p class="soft">alexnet ${escape(info.version)} ·
<a href="/openapi.json">the same as OpenAPI</a> · <a href="/">the page for pictures</a></p>
<p>Errors are <code>{"error": "…"}</code>; 503 says in Retry-After when to come again.</p>
${body.join('\n')}`,
  });
}

function tagOf({ operation }: Route): string {
  return operation.tags?.[0] ?? 'Others';
}

function routeHtml({ method, path, operation }: Route): string {
  const { summary = '', description, parameters = [], requestBody } = operation;
  const types = Object.keys(requestBody?.content ?? {});
  const rows = parameters.map(({ name, in: where, description: words = '', schema = {} }) => {
    const { type = '', default: usual, enum: choices } = schema;
    const values = choices === undefined ? type : choices.join(' or ');
    const often = usual === undefined ? '' : `, default ${String(usual)}`;
    return `<tr><th scope="row"><code>${escape(name)}</code></th>
<td>${escape(where)}, ${escape(values)}${escape(often)}</td><td>${escape(words)}</td></tr>`;
  });
  return `<div class="route">
<h3><code><span class="method">${method}</span> ${escape(path)}</code></h3>
<p>${escape(summary)}</p>
${description === undefined ? '' : `<p class="soft">${escape(description)}</p>`}
${types.length === 0 ? '' : `<p class="soft">Body: ${escape(types.join(', '))}</p>`}
${rows.length === 0 ? '' : `<table><tbody>${rows.join('\n')}</tbody></table>`}
</div>`;
}

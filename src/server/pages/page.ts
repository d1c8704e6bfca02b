import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { escape, madeBy } from '../../html.ts';
import { style } from './style.ts';

/** A page of the server, and what its browser may do with it: this script, this style, no more. */
export interface ServedPage {
  readonly html: string;
  readonly policy: string;
}

export interface PageParts {
  readonly title: string;
  readonly body: string;
  readonly script?: string;
}

export function servedPage({ title, body, script }: PageParts): ServedPage {
  const policy = [
    "default-src 'none'",
    `style-src '${hash(style)}'`,
    ...(script === undefined ? [] : [`script-src '${hash(script)}'`, "connect-src 'self'"]),
    'img-src blob: data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
${madeBy.html}
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
${script === undefined ? '' : `<script type="module">${script}</script>`}
</body>
</html>
`;
  return { html, policy };
}

/** A script of this folder, as it was compiled. */
export async function pageScript(file: string): Promise<string> {
  const text = await readFile(new URL(`./scripts/${file}`, import.meta.url), 'utf8');
  return text.replace(/^\/\/# sourceMappingURL=.*$/m, '').replace(/^export \{\};$/m, '');
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** Text for HTML and SVG, inside elements and quoted attributes. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Held together by spaces that do not break: `12.3 %` at the end of a line. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** How files say that alexnet made them: SVG in a comment, HTML in a meta element. */
export const madeBy = {
  svg: '<!-- Made by alexnet -->',
  html: '<meta name="generator" content="alexnet">',
} as const;

export interface Page {
  readonly title: string;
  readonly style: string;
  /** HTML inside `<main>`. */
  readonly body: string;
  /** Elements after it: data and a script, which must stand in the page. */
  readonly scripts?: string;
}

/**
 * One file that asks for nothing else: styles inside, pictures as data, and a policy that forbids
 * the network.
 */
export function htmlPage({ title, style, body, scripts }: Page): string {
  const policy =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'" +
    (scripts === undefined ? '' : "; script-src 'unsafe-inline'");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
${madeBy.html}
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
${scripts ?? ''}</body>
</html>
`;
}

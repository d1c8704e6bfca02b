import { readFile } from 'node:fs/promises';

/** What stands after a page's body: its data, and its script as it was compiled. */
export async function scriptHtml(name: 'map' | 'story', data: unknown): Promise<string> {
  return `<script type="application/json" id="data">${safeJson(data)}</script>
<script type="module">${await pageScript(name)}</script>
`;
}

async function pageScript(name: 'map' | 'story'): Promise<string> {
  const text = await readFile(new URL(`../pages/scripts/${name}.js`, import.meta.url), 'utf8');
  return text
    .replace(/^\/\/# sourceMappingURL=.*$/m, '')
    .replace(/^export \{\};$/m, '')
    .replaceAll('</script', '<\\/script');
}

/** JSON that cannot end the script element it stands in. */
function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

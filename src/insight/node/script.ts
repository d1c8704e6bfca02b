import { readFile } from 'node:fs/promises';

/** A page's script as it was compiled, ready to stand in the page. */
export async function pageScript(name: 'map' | 'story'): Promise<string> {
  const text = await readFile(new URL(`../pages/${name}.js`, import.meta.url), 'utf8');
  return text
    .replace(/^\/\/# sourceMappingURL=.*$/m, '')
    .replace(/^export \{\};$/m, '')
    .replaceAll('</script', '<\\/script');
}

/** JSON that cannot end the script element it stands in. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

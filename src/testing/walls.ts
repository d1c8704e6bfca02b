/**
 * The walls of the house, as they are held by a test: which folder may import which, that no
 * imports go in a circle, and where Node may be known. docs/architecture.md says why.
 */

/** From the ground up. A file imports from its own folder and from the floors under it. */
export const floors: readonly (readonly string[])[] = [
  ['platform', 'random'],
  ['network', 'formats', 'images'],
  ['engine', 'data'],
  ['model'],
  ['inference'],
  ['training', 'insight', 'lesson'],
  ['shrink', 'experiment', 'parallel'],
  ['server'],
  ['cli'],
];

/** Folders whose every file may know Node, wherever they stand. */
const nodeFolders = ['platform', 'cli', 'server'];

/** The library's entries: they stand on everything. */
const doors = ['index.ts', 'browser.ts'];

/**
 * What breaks the rules, one sentence each; empty where the walls hold.
 * @param files path under `src/` → text. Tests and `testing/` are left out by the caller.
 */
export function brokenWalls(files: ReadonlyMap<string, string>): string[] {
  const imports = new Map(
    [...files].map(([path, text]) => [path, importsOf(withoutComments(text))] as const),
  );
  const problems: string[] = [];
  for (const [path, names] of imports) {
    for (const name of names) {
      if (name.startsWith('.')) problems.push(...upward(path, resolved(path, name)));
    }
    problems.push(...nodeIn(path, names, files.get(path)!));
  }
  const circle = findCircle(imports);
  if (circle !== undefined) problems.push(`A circle of imports: ${circle.join(' → ')}.`);
  return problems;
}

/** The modules that a file names: imports (types too), re-exports, `import()` and type imports. */
function importsOf(text: string): string[] {
  const pattern = /(?:(?<!')\bfrom\s*|\bimport\s*\(?\s*)'([^'\n]+)'/g;
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}

function resolved(from: string, name: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** 0 for files directly in `src/`; undefined for doors and folders that no floor names. */
function floorOf(path: string): number | undefined {
  if (!path.includes('/')) return doors.includes(path) ? undefined : 0;
  const folder = path.split('/')[0]!;
  const floor = floors.findIndex((folders) => folders.includes(folder));
  return floor < 0 ? undefined : floor + 1;
}

function upward(from: string, to: string): string[] {
  if (doors.includes(from)) return [];
  if (doors.includes(to)) return [`${from} imports the door ${to}.`];
  if (from.split('/')[0] === to.split('/')[0] && from.includes('/')) return [];
  const [own, other] = [floorOf(from), floorOf(to)];
  if (own === undefined) return [`${from} stands on no floor: name its folder in walls.ts.`];
  if (other === undefined) return [`${from} imports ${to}, which stands on no floor.`];
  const allowed = own === 0 ? other === 0 : other < own;
  if (allowed) return [];
  return [`${from} (floor ${own}) imports ${to} (floor ${other}), which is not under it.`];
}

function mayKnowNode(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  return path === 'index.ts' || folders.includes('node') || nodeFolders.includes(folders[0] ?? '');
}

/** Packages that run in a page as they are. */
const purePackages = ['umap-js', 'csv-parse/browser/esm/sync'];

function nodeIn(path: string, names: readonly string[], text: string): string[] {
  if (mayKnowNode(path)) return [];
  const problems: string[] = [];
  for (const name of names) {
    if (name.startsWith('.') || name.startsWith('#') || purePackages.includes(name)) continue;
    problems.push(`${path} imports ${name}, which only platform/, node/, cli/ and server/ may.`);
  }
  for (const word of ['Buffer', 'process', 'require', 'createRequire']) {
    if (new RegExp(`(?<![.\\w'])${word}[.(]`).test(withoutStrings(withoutComments(text)))) {
      problems.push(`${path} uses ${word}, which only Node has.`);
    }
  }
  return problems;
}

function withoutStrings(text: string): string {
  return text.replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''").replaceAll(/`(?:[^`\\$]|\\.)*`/g, '``');
}

/** The files of one circle, the first again at its end; undefined where there is none. */
function findCircle(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path) || !imports.has(path)) return undefined;
    way.push(path);
    for (const name of imports.get(path)!) {
      const circle = name.startsWith('.') ? visit(resolved(path, name)) : undefined;
      if (circle !== undefined) return circle;
    }
    way.pop();
    done.add(path);
    return undefined;
  };
  for (const path of imports.keys()) {
    const circle = visit(path);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

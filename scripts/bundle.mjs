// Puts what stands behind the package's doors on Node into few files: each of the hundred it is
// written in takes Node a millisecond to find and load. The bundler of a web page gets them as they
// are, because it looks for workers and kernels itself.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const door = `${dist}/door`;

/**
 * A module that asks where it lies, for its worker or its kernels beside it, still gets the place
 * it was written for.
 */
const ownPlaces = {
  name: 'own-places',
  transform(code, id) {
    if (!code.includes('import.meta.url')) return null;
    return code.replaceAll(
      'import.meta.url',
      `new URL(${JSON.stringify(relative(door, id))}, import.meta.url).href`,
    );
  },
};

/** Module → those that are loaded with it, not by `import()` later. */
const loadedWith = new Map();
const graph = {
  name: 'graph',
  moduleParsed: ({ id, importedIds }) => void loadedWith.set(id, importedIds),
};

function allLoadedWith(id, found = new Set()) {
  if (found.has(id) || !loadedWith.has(id)) return found;
  found.add(id);
  for (const next of loadedWith.get(id)) allLoadedWith(next, found);
  return found;
}

/** One file for all that the larger door loads at once; the smaller one opens on the same. */
let all;
const doors = {
  name: 'doors',
  test: (id) => {
    all ??= allLoadedWith(`${dist}/index.js`);
    return all.has(id);
  },
  includeDependenciesRecursively: false,
};

const bundle = await rolldown({
  input: { index: `${dist}/index.js`, browser: `${dist}/browser.js` },
  external: (id) => !/^[./#]/.test(id),
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  plugins: [ownPlaces, graph],
});
await bundle.write({
  dir: door,
  cleanDir: true,
  chunkFileNames: '[name].js',
  codeSplitting: { groups: [doors] },
});
await bundle.close();

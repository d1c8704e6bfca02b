// Puts what stands behind the package's doors on Node into few files, and what stands behind its
// command: each of the hundred and more that it is written in takes Node most of a millisecond to
// find and load. The bundler of a web page gets them as they are, because it looks for workers and
// kernels itself.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

/**
 * A module that asks where it lies, for its worker or its kernels beside it, still gets the place
 * it was written for.
 */
const ownPlaces = (folder) => ({
  name: 'own-places',
  transform(code, id) {
    if (!code.includes('import.meta.url')) return null;
    return code.replaceAll(
      'import.meta.url',
      `new URL(${JSON.stringify(relative(folder, id))}, import.meta.url).href`,
    );
  },
});

/** Module → those that are loaded with it, not by `import()` later. */
const loadedWith = new Map();
const graph = {
  name: 'graph',
  moduleParsed: ({ id, importedIds }) => void loadedWith.set(id, importedIds),
};

/** The module itself, all that is loaded at once with it, and the packages of others. */
function allLoadedWith(id, found = new Set()) {
  if (found.has(id)) return found;
  found.add(id);
  for (const next of loadedWith.get(id) ?? []) allLoadedWith(next, found);
  return found;
}

async function bundle(folder, input, groups) {
  const bundled = await rolldown({
    input,
    external: (id) => !/^[./#]/.test(id),
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    plugins: [ownPlaces(folder), graph],
  });
  await bundled.write({
    dir: folder,
    cleanDir: true,
    chunkFileNames: '[name].js',
    codeSplitting: { includeDependenciesRecursively: false, groups },
  });
  await bundled.close();
}

/** All that is loaded at once with a module, as one file. */
function wholeOf(name, file) {
  let all;
  return {
    name,
    test: (id) => {
      all ??= allLoadedWith(`${dist}/${file}`);
      return all.has(id);
    },
  };
}

// One file for all that the larger door loads at once; the smaller one opens on the same.
await bundle(`${dist}/door`, { index: `${dist}/index.js`, browser: `${dist}/browser.js` }, [
  wholeOf('doors', 'index.js'),
]);

/** What every verb loads in any case, or what costs next to nothing. */
const light = /^(commander|node:(fs|fs\/promises|os|path|url|timers\/promises|worker_threads))$/;

/**
 * What at least so many verbs load, as one file; but nothing that would have all of them load
 * another's package with it.
 */
function sharedBy(minShareCount, name) {
  const heavy = (id) => !id.startsWith('/') && !light.test(id);
  return { name, minShareCount, test: (id) => ![...allLoadedWith(id)].some(heavy) };
}

// The command has files of its own: `alexnet --help` needs little of the library, a verb some of
// it. What several verbs share is one file, and what most of them share another.
await bundle(`${dist}/command`, { main: `${dist}/cli/main.js` }, [
  wholeOf('main', 'cli/main.js'),
  sharedBy(6, 'most'),
  sharedBy(3, 'several'),
]);

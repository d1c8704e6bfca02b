// Makes the app work offline, and on hosts that send no headers gives the page its isolation, which
// threads need. One worker for both, because two cannot share a scope.

const shell = 'alexnet-shell-BUILD';
/** Models and pictures, by the hash in their name: kept through new builds. */
const large = 'alexnet-models';
const files = 'FILES';

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(shell)
      .then((cache) => cache.addAll(files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('alexnet-') && name !== shell && name !== large)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  event.respondWith(answer(request, url).then(isolated));
});

async function answer(request, url) {
  if (url.pathname.includes('/given/')) return fetch(request);
  if (request.mode === 'navigate') return fresh(request);
  const kept = await caches.match(request, { ignoreSearch: true, ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && url.pathname.includes('/assets/')) {
    const cache = await caches.open(url.pathname.endsWith('.safetensors') ? large : shell);
    await cache.put(request, response.clone());
  }
  return response;
}

/** The newest page where there is a network, the kept one where there is none. */
async function fresh(request) {
  try {
    return await fetch(request);
  } catch {
    const kept = await caches.match('./', { ignoreSearch: true, ignoreVary: true });
    return kept ?? Response.error();
  }
}

function isolated(response) {
  if (response.status === 0 || response.type === 'opaque' || response.type === 'error')
    return response;
  const headers = new Headers(response.headers);
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-embedder-policy', 'require-corp');
  headers.set('cross-origin-resource-policy', 'same-origin');
  const { status, statusText } = response;
  return new Response(status === 204 || status === 304 ? null : response.body, {
    status,
    statusText,
    headers,
  });
}

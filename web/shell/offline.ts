/**
 * Works without a network from the second visit on. On a host that sends no isolation headers the
 * service worker adds them: for that the page is loaded once more, and no more than once.
 */
export function registerServiceWorker(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  const url = new URL('service-worker.js', document.baseURI);
  navigator.serviceWorker.register(url).then(reloadIsolated, () => undefined);
}

const reloaded = 'alexnet-reloaded';

async function reloadIsolated(): Promise<void> {
  if (globalThis.crossOriginIsolated || sessionStorage.getItem(reloaded) !== null) return;
  await navigator.serviceWorker.ready;
  sessionStorage.setItem(reloaded, 'yes');
  location.reload();
}

/** As the service worker names it. */
const models = 'alexnet-models';

/** What was loaded before the service worker was there is kept for the next visit, too. */
export async function keepForNextVisit(url: string): Promise<void> {
  if (!('serviceWorker' in navigator) || !url.includes('/assets/')) return;
  await navigator.serviceWorker.ready;
  const cache = await caches.open(models);
  if ((await cache.match(url)) === undefined) await cache.add(url);
}

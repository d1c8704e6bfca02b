/** The script of the server's page. It runs in the page and nowhere else. */

interface Prediction {
  readonly label: string;
  readonly probability: number;
}

export interface Reply {
  readonly predictions?: readonly Prediction[];
  readonly error?: string;
}

const element = (id: string): HTMLElement => document.getElementById(id)!;
const drop = element('drop');
const files = element('files') as HTMLInputElement;
const model = element('model') as HTMLSelectElement;
const key = element('key') as HTMLInputElement;
const trouble = element('trouble');
const answers = element('answers');

/** Pictures at once: as many as keep the server busy, and no more. */
const atOnce = 4;
const waiting: (() => Promise<void>)[] = [];
let running = 0;

function headers(): Record<string, string> {
  return key.value === '' ? {} : { authorization: `Bearer ${key.value}` };
}

function address(): string {
  const named = model.length < 2 ? '' : `&model=${encodeURIComponent(model.value)}`;
  return `/classify?top=5${named}`;
}

/** Asks which models there are; asks for a key where one is wanted. */
async function begin(): Promise<void> {
  const response = await fetch('/v2/models', { headers: headers() }).catch(() => undefined);
  const locked = response?.status === 401;
  element('locked').hidden = !locked && key.value === '';
  if (response === undefined) return tell('The server cannot be reached.');
  if (!response.ok) return tell(locked ? 'This server wants a key.' : await errorOf(response));
  tell('');
  const { models } = (await response.json()) as { models: string[] };
  model.replaceChildren(...models.map((name) => new Option(name, name)));
  element('models').hidden = models.length < 2;
  showCurl();
}

function tell(text: string): void {
  trouble.textContent = text;
  trouble.hidden = text === '';
}

function showCurl(): void {
  const bearer = element('locked').hidden ? '' : '-H "Authorization: Bearer $KEY" ';
  element('curl').textContent =
    `curl ${bearer}--data-binary @cat.jpg '${location.origin}${address()}'`;
}

async function errorOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as Reply;
  return body.error ?? `The server answered ${response.status}.`;
}

function add(list: Iterable<File>): void {
  for (const file of list) {
    const place = shown(file);
    waiting.push(() => classify(file, place));
  }
  next();
}

function next(): void {
  while (running < atOnce) {
    const work = waiting.shift();
    if (work === undefined) return;
    running++;
    void work().finally(() => {
      running--;
      next();
    });
  }
}

/** The picture with room for its answer; the newest stands first. */
function shown(file: File): HTMLElement {
  const article = document.createElement('article');
  article.className = 'answer';
  const image = new Image();
  image.alt = '';
  image.src = URL.createObjectURL(file);
  image.addEventListener('load', () => URL.revokeObjectURL(image.src));
  image.addEventListener('error', () => image.remove());
  const figure = document.createElement('div');
  figure.append(image);
  const place = document.createElement('div');
  const title = document.createElement('h3');
  title.textContent = file.name;
  const state = document.createElement('p');
  state.className = 'soft';
  state.textContent = '…';
  place.append(title, state);
  article.append(figure, place);
  answers.prepend(article);
  return place;
}

async function classify(file: File, place: HTMLElement): Promise<void> {
  const reply = await ask(file).catch((): Reply => ({
    error: 'The server cannot be reached, or the picture cannot be read.',
  }));
  place.lastElementChild?.remove();
  place.append(reply.predictions === undefined ? failure(reply) : list(reply.predictions));
}

/** Comes again where the server is busy. */
async function ask(file: File, tries = 5): Promise<Reply> {
  const response = await fetch(address(), { method: 'POST', headers: headers(), body: file });
  if (response.status === 401) await begin();
  if (response.status === 503 && tries > 1) {
    const seconds = Number(response.headers.get('retry-after') ?? 1);
    await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(10, seconds)));
    return ask(file, tries - 1);
  }
  if (!response.ok) return { error: await errorOf(response) };
  return (await response.json()) as Reply;
}

function failure({ error = 'The server gave no answer.' }: Reply): HTMLElement {
  const text = document.createElement('p');
  text.className = 'error';
  text.textContent = error;
  return text;
}

function list(predictions: readonly Prediction[]): HTMLElement {
  const all = document.createElement('ol');
  for (const { label, probability } of predictions) {
    const item = document.createElement('li');
    const [name, share, bar] = [
      document.createElement('span'),
      document.createElement('span'),
      document.createElement('progress'),
    ];
    name.textContent = label;
    share.textContent = `${(100 * probability).toFixed(1)} %`;
    bar.value = probability;
    bar.setAttribute('aria-hidden', 'true');
    item.append(name, share, bar);
    all.append(item);
  }
  return all;
}

files.addEventListener('change', () => {
  add([...(files.files ?? [])]);
  files.value = '';
});
for (const name of ['dragenter', 'dragover'])
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
for (const name of ['dragleave', 'drop'])
  document.addEventListener(name, () => drop.classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  add([...(event.dataTransfer?.files ?? [])]);
});
document.addEventListener('paste', (event) => add([...(event.clipboardData?.files ?? [])]));
model.addEventListener('change', showCurl);
key.addEventListener('change', () => void begin());
element('locked').addEventListener('submit', (event) => event.preventDefault());
void begin();

import { findEngine, valuesOf } from 'alexnet/browser';
import type { Imported, Session } from 'alexnet/browser';
import type { Asked } from './context.ts';
import type { Models } from './models.ts';
import type { ModelSource, Scene } from './protocol.ts';

/** A model with a session that keeps every layer's numbers. */
export interface Open {
  readonly id: string;
  readonly imported: Imported;
  readonly session: Session;
}

/** A network that has looked at a picture: its session holds every layer's output. */
export interface Seen extends Open {
  readonly input: Float32Array;
  readonly probabilities: Float32Array;
  readonly milliseconds: number;
}

/** How many networks stay ready at once: two are compared. */
const most = 2;

/** The networks of one lane, ready to be asked. */
export class Opened {
  readonly #models: Models;
  readonly #open = new Map<string, Open>();
  readonly #last = new Map<string, Seen & { readonly picture: string }>();

  constructor(models: Models) {
    this.#models = models;
  }

  async open(
    model: ModelSource,
    engine: string,
    { progress, signal }: Pick<Asked, 'progress' | 'signal'>,
  ): Promise<Open> {
    const imported = await this.#models.get(model, progress);
    signal.throwIfAborted();
    const { name } = await findEngine(engine);
    const key = `${model.id}\n${name}`;
    const ready = this.#open.get(key);
    if (ready?.imported === imported) return ready;
    await this.#makeRoom(key);
    const session = await prepared(imported, name);
    const open = { id: model.id, imported, session };
    this.#open.set(key, open);
    return open;
  }

  /** Looks at the picture, unless it was the last one looked at. */
  async see(scene: Scene, asked: Asked): Promise<Seen> {
    const open = await this.open(scene.model, scene.engine, asked);
    const last = this.#last.get(open.id);
    if (last?.session === open.session && last.picture === scene.picture.id) return last;
    const input = await asked.pictures.input(scene.picture, open.id, open.imported.model);
    asked.signal.throwIfAborted();
    return this.look(open, input, scene.picture.id);
  }

  /** @param picture the id under which the session is known to have seen it. */
  async look(open: Open, input: Float32Array, picture: string): Promise<Seen> {
    this.forget(open);
    const began = performance.now();
    const probabilities = await open.session.forward(input);
    const milliseconds = performance.now() - began;
    const seen = { ...open, input, probabilities, milliseconds, picture };
    this.#last.set(open.id, seen);
    return seen;
  }

  /** After the session was used for something else than the picture it last saw. */
  forget({ id }: Open): void {
    this.#last.delete(id);
  }

  async #makeRoom(key: string): Promise<void> {
    for (const [other, { id, session }] of this.#open) {
      if (this.#open.size < most && other !== key) break;
      this.#open.delete(other);
      this.#last.delete(id);
      await session.dispose();
    }
  }
}

async function prepared({ model }: Imported, engine: string): Promise<Session> {
  const found = await findEngine(engine);
  const session = await found.prepare(model.network, {
    batch: 1,
    mode: 'inspection',
    keep: 'all',
  });
  try {
    for (const { name } of session.parameters)
      await session.setParameter(name, valuesOf(model.weights, name)!);
  } catch (error) {
    await session.dispose();
    throw error;
  }
  return session;
}

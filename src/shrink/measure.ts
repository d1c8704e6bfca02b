import type { Engine, Session } from '../engine/engine.ts';
import { median } from '../engine/bench.ts';
import { loadModel } from '../model/integers.ts';
import type { Model } from '../model/model.ts';
import { inferShapes, volume } from '../network/shapes.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';

/** What a model costs on this machine, with this engine. */
export interface Speed {
  readonly engine: string;
  readonly threads: number;
  /** What its session has allocated to answer one picture at a time. */
  readonly memoryBytes: number;
  /** Median milliseconds of one call, by pictures in it. */
  readonly milliseconds: Readonly<Record<'1' | '32', number>>;
}

export interface Contender {
  readonly model: Model;
  readonly engine: Engine;
}

/** Calls that are timed, after two that are not, by pictures in one. */
const calls = { 1: 15, 32: 5 } as const;

/**
 * Models against one another on the same images, taking turns, so that whatever else the machine
 * does meets all of them.
 */
export async function measured(
  contenders: readonly Contender[],
  threads: number | undefined,
): Promise<Speed[]> {
  const one = await timed(contenders, 1, threads);
  const many = await timed(contenders, 32, threads);
  return one.map((first, i) => ({
    engine: first.engine,
    threads: first.threads,
    memoryBytes: first.memoryBytes,
    milliseconds: { 1: first.milliseconds, 32: many[i]!.milliseconds },
  }));
}

interface Timed {
  readonly engine: string;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly milliseconds: number;
}

async function timed(
  contenders: readonly Contender[],
  batch: 1 | 32,
  threads: number | undefined,
): Promise<Timed[]> {
  const sessions: Session[] = [];
  try {
    for (const { model, engine } of contenders) {
      const { network, quantisation } = model;
      const session = await engine.prepare(network, {
        batch,
        mode: 'inference',
        ...(quantisation && { quantisation }),
        ...(threads !== undefined && { threads }),
      });
      sessions.push(session);
      await loadModel(session, model);
    }
    const times = sessions.map((): number[] => []);
    for (let call = -2; call < calls[batch]; call++) {
      for (const [i, session] of sessions.entries()) {
        const images = madeUp(session);
        const start = performance.now();
        await session.forward(images);
        if (call >= 0) times[i]!.push(performance.now() - start);
      }
    }
    return sessions.map(({ engine, threads: own, memoryBytes }, i) => ({
      engine,
      threads: own,
      memoryBytes,
      milliseconds: median(times[i]!),
    }));
  } finally {
    for (const session of sessions) await session.dispose();
  }
}

const images = new WeakMap<Session, Float32Array>();

/** Numbers of the scale of pixels with their mean taken off. */
function madeUp(session: Session): Float32Array {
  const known = images.get(session);
  if (known !== undefined) return known;
  const size = volume(inferShapes(session.network)[0]!.output);
  const made = new Float32Array(session.batch * size);
  normal(bits({ seed: 1, purpose: purposes.synthetic }), made, 64);
  images.set(session, made);
  return made;
}

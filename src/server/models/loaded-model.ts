import type { Precision } from '../../engine/engine.ts';
import { importWeights } from '../../model/import.ts';
import type { Model } from '../../model/model.ts';
import type { Cost } from '../batching/cost.ts';
import { BatchQueue } from '../batching/queue.ts';
import type { Turns } from '../batching/turns.ts';
import { Sessions } from './sessions.ts';
import { Statistics } from './statistics.ts';

export interface LoadingOptions {
  readonly engine: string;
  readonly threads?: number | undefined;
  readonly precision?: Precision | undefined;
  readonly batch: number;
  readonly capacity: number;
  /** Who may compute. */
  readonly turns: Turns;
  readonly onBatch: (pictures: number, seconds: number) => void;
}

/** What a session says of itself. */
export interface EngineFacts {
  readonly engine: string;
  readonly threads: number;
  readonly precision: Precision;
  readonly memoryBytes: number;
}

/** A model that answers. */
export interface LoadedModel {
  readonly model: Model;
  readonly sessions: Sessions;
  readonly queue: BatchQueue;
  readonly cost: Cost;
  readonly statistics: Statistics;
  readonly facts: EngineFacts;
  /** Has something done once it is closed. */
  onClosed(then: () => void): void;
  /** Waits for what was admitted, and gives memory and threads back. */
  close(): Promise<void>;
}

/** @throws {AlexNetError} where the file holds no model, or the engine does not run here. */
export async function loadModel(
  source: string | Model,
  options: LoadingOptions,
): Promise<LoadedModel> {
  const model = typeof source === 'string' ? (await importWeights(source)).model : source;
  const { engine, threads, precision, batch, capacity, turns } = options;
  const sessions = await Sessions.open(model, {
    engine,
    batch,
    ...(threads !== undefined && { threads }),
    ...(precision !== undefined && { precision }),
  });
  try {
    const cost = await turns.take(() => sessions.measure());
    const statistics = new Statistics();
    const computer = {
      pictureSize: sessions.pictureSize,
      batchOf: sessions.batchOf.bind(sessions),
      compute: (...given: Parameters<Sessions['compute']>) =>
        turns.take(() => sessions.compute(...given)),
    };
    const onBatch = (pictures: number, seconds: number): void => {
      statistics.batch(pictures, seconds);
      options.onBatch(pictures, seconds);
    };
    const queue = new BatchQueue({ computer, cost, batch, capacity, onBatch });
    const session = await sessions.session();
    const { engine: name, memoryBytes } = session;
    const facts = {
      engine: name,
      memoryBytes,
      threads: session.threads,
      precision: session.precision,
    };
    const afterwards: (() => void)[] = [];
    const close = async (): Promise<void> => {
      await queue.empty();
      await sessions.dispose();
      for (const then of afterwards) then();
    };
    const onClosed = (then: () => void): void => void afterwards.push(then);
    return { model, sessions, queue, cost, statistics, facts, onClosed, close };
  } catch (error) {
    await sessions.dispose();
    throw error;
  }
}

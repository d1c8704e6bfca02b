import type { DecodingTeam } from './decoding/team.ts';
import type { BodyBudget } from './http/body.ts';
import type { Keys } from './http/keys.ts';
import type { Metrics } from './metrics.ts';
import type { LoadedModel } from './models/loaded-model.ts';
import type { Repository } from './models/repository.ts';
import type { Settings } from './options.ts';

/** What the routes of one server share. */
export interface ServerState {
  readonly settings: Settings;
  readonly repository: Repository;
  readonly team: DecodingTeam;
  /** The team's reader of a model's pictures. */
  readonly readerOf: (model: LoadedModel) => number;
  readonly metrics: Metrics;
  readonly keys: Keys;
  readonly budget: BodyBudget;
  /** Whether it is about to stop: not ready, though it still answers. */
  draining: boolean;
}

import { InvalidArgumentError } from 'commander';

/** Reads `40m`, `1h30m`, `90s` or `90` (minutes) as seconds, for commander's `argParser`. */
export function parseDuration(text: string): number {
  const parts = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s)?$/.exec(
    text.trim(),
  );
  const [, hours, minutes, seconds] = parts ?? [];
  const total = 3600 * Number(hours ?? 0) + 60 * Number(minutes ?? 0) + Number(seconds ?? 0);
  if (parts !== null && total > 0) return total;
  throw new InvalidArgumentError(`Expected a duration like 40m, 1h30m or 90s but found "${text}".`);
}

/** 95 s, 12 min, 3 h 05 min: a duration for people. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

import { pino } from 'pino';
import type { FastifyBaseLogger } from 'fastify';

/** What is lost of a log that nobody reads, rather than memory or time. */
const mostWaiting = 2 ** 20;

/** JSON lines on standard error. */
export function openLog(level: string): { readonly logger: FastifyBaseLogger; flush(): void } {
  const destination = pino.destination({ dest: 2, sync: false, maxLength: mostWaiting });
  // Nobody who reads the log is no reason to stop serving.
  destination.on('error', () => undefined);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    logger,
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // Not ready, or closed: nothing is left to say.
      }
    },
  };
}

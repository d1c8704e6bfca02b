/** The platform on Node. See `platform.ts`. */
export { fileBeside, isUnfinished, reason, withFile, writeWhole } from './files.ts';
export {
  canShareMemory,
  cores,
  memory,
  readPackageFile,
  sha256,
  yieldToEvents,
} from './machine.ts';
export { listen, startThread } from './threads.ts';

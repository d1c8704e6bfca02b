import { readFile } from 'node:fs/promises';
import { AlexNetError } from '../errors.ts';
import { parseNetwork } from '../network/json.ts';
import type { Network } from '../network/layer.ts';

/**
 * A network from a JSON file: an array of layers, or what `alexnet explain --json` answers, whose
 * `network` it is.
 * @throws {AlexNetError} naming the file, the layer, the field, what was expected and found.
 */
export async function readNetwork(file: string): Promise<Network> {
  const text = await readText(file);
  try {
    return parseNetwork(layersIn(text));
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    throw new AlexNetError(`${file}: ${error.message}`);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AlexNetError(
      `The network could not be read from "${file}": ${reason}. ` +
        'Name a JSON file, such as `alexnet explain --json > network.json` makes.',
    );
  }
}

/** The text itself where it is no answer of `explain`: parseNetwork says what is wrong with it. */
function layersIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'network' in value) return value.network;
    return value;
  } catch {
    return text;
  }
}

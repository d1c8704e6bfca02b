import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Command, Option } from 'commander';
import { reason } from '#platform';
import { AlexNetError, UsageError, nearest } from '../errors.ts';

/** Settings that are files: in a configuration they are meant from its own folder. */
const paths = ['keyFile', 'cert', 'key'];

/** A file of PEM. */
export async function readSecret(flag: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new AlexNetError(`${flag} ${path} could not be read: ${reason(error)}.`);
  });
}

/** One a line; lines that are empty or begin with # are none. */
export async function readKeys(path: string): Promise<string[]> {
  const text = await readSecret('--key-file', path);
  const keys = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length > 0) return keys;
  throw new AlexNetError(`Expected keys in ${path}, one a line, but found none.`);
}

/**
 * Takes what `--config` says for all flags that were not given, checked as the flags are.
 * @throws {UsageError} naming the key that is none, or what its value should be.
 */
export async function applyConfiguration(command: Command): Promise<void> {
  const file = command.getOptionValue('config') as string | undefined;
  if (file === undefined) return;
  for (const [key, value] of Object.entries(await readObject(file))) {
    if (key === 'models') {
      command.setOptionValueWithSource('models', models(file, value), 'config');
      continue;
    }
    const option = optionOf(command, file, key);
    if (
      command.getOptionValueSource(key) !== 'default' &&
      command.getOptionValue(key) !== undefined
    )
      continue;
    command.setOptionValueWithSource(key, parsed(option, file, key, value), 'config');
  }
}

async function readObject(file: string): Promise<object> {
  const text = await readSecret('--config', file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${file} is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`Expected ${file} to hold a JSON object, such as {"port": 8000}.`);
}

function models(file: string, value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((model) => typeof model === 'string'))
    throw new UsageError(`${file}: expected "models" to be an array of texts.`);
  return value.map((model) => {
    const [, name, path] = /^([^=/\\]+)=(.+)$/s.exec(model) ?? [];
    return name === undefined || path === undefined
      ? resolve(dirname(file), model)
      : `${name}=${resolve(dirname(file), path)}`;
  });
}

function optionOf(command: Command, file: string, key: string): Option {
  const options = command.options.filter((option) => option.attributeName() !== 'config');
  const option = options.find((one) => one.attributeName() === key);
  if (option !== undefined) return option;
  const names = ['models', ...options.map((one) => one.attributeName())];
  const guess = nearest(key, names);
  throw new UsageError(
    `${file}: there is no setting "${key}". ` +
      `${guess === undefined ? '' : `Did you mean "${guess}"? `}The settings are: ${names.join(', ')}.`,
  );
}

function parsed(option: Option, file: string, key: string, value: unknown): unknown {
  const expected = (what: string): UsageError =>
    new UsageError(`${file}: expected "${key}" to be ${what} but found ${JSON.stringify(value)}.`);
  if (option.isBoolean()) {
    if (typeof value === 'boolean') return value;
    throw expected('true or false');
  }
  if (option.variadic) {
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
    throw expected('an array of texts');
  }
  if (typeof value !== 'string' && typeof value !== 'number') throw expected('a text or a number');
  if (paths.includes(key)) return resolve(dirname(file), String(value));
  try {
    return option.parseArg === undefined ? value : option.parseArg(String(value), undefined);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new UsageError(`${file}: "${key}": ${error.message}`);
  }
}

/** JSON Schema of what routes take and give: the OpenAPI document is made of it. */
type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const number: Schema = { type: 'number' };

/** @param optional properties that may be missing. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: string[] = [],
): Schema {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: true,
  };
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

const error = object({ error: text });

/** What every route may answer instead. */
export const errors: Readonly<Record<string, Schema>> = { '4xx': error, '5xx': error };

export const health = object({
  live: { type: 'boolean' },
  ready: { type: 'boolean' },
  name: text,
});

export const prediction = object(
  { label: text, wnid: text, index: { type: 'integer' }, probability: number },
  ['wnid'],
);

const parameters: Schema = { type: 'object', additionalProperties: true };
const shape = list({ type: 'integer' });
const data: Schema = { type: 'array', items: {} };

export const inferRequest = object(
  {
    id: text,
    parameters,
    inputs: list(
      object(
        {
          name: text,
          datatype: { type: 'string', enum: ['FP32', 'BYTES'] },
          shape: list({ type: 'integer', minimum: 1 }),
          data,
          parameters,
        },
        ['data', 'parameters'],
      ),
    ),
    outputs: list(object({ name: text, parameters }, ['parameters'])),
  },
  ['id', 'parameters', 'outputs'],
);

export const inferResponse = object(
  {
    model_name: text,
    model_version: text,
    id: text,
    outputs: list(
      object({ name: text, datatype: text, shape, data, parameters }, ['data', 'parameters']),
    ),
  },
  ['id'],
);

const tensor = object({ name: text, datatype: text, shape });

export const modelMetadata = object({
  name: text,
  versions: list(text),
  platform: text,
  inputs: list(tensor),
  outputs: list(tensor),
});

export const index = list(object({ name: text, version: text, state: text, reason: text }));
export const anything: Schema = { type: 'object', additionalProperties: true };
export const nothing: Schema = { type: 'object', additionalProperties: true };
export const model: Schema = {
  type: 'string',
  description: 'A name that GET /v2/models lists.',
};
export const version: Schema = { type: 'string', description: 'Every model has one: 1.' };

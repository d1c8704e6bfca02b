import { ensure } from '../errors.ts';
import { explain, fields, object, oneOf, positive, whole } from '../network/check.ts';
import type { Check } from '../network/check.ts';
import type { Weights } from './weights.ts';

/**
 * How one layer is computed with whole numbers: its weights are i8 or u8 tensors with scales of
 * their own, its input becomes `q = round(x / scale) + zeroPoint`, 8 bits without a sign.
 */
export interface LayerQuantisation {
  readonly compute: 'int8';
  readonly input: { readonly scale: number; readonly zeroPoint: number };
}

/** Layers by name; those that are not in it are computed in floating point. */
export type Quantisation = Readonly<Record<string, LayerQuantisation>>;

const layerCheck = fields<LayerQuantisation>({
  compute: oneOf('int8'),
  input: fields<LayerQuantisation['input']>({
    scale: positive,
    zeroPoint: whole('a whole number from 0 to 255', (n) => n >= 0 && n <= 255),
  }),
});

/** What a model file holds as its quantisation, before it is compared with the network. */
export const quantisationCheck: Check = (value) => {
  const noObject = object(value);
  if (noObject !== undefined) return noObject;
  const layers = Object.keys(value as object).map((layer) => [layer, layerCheck] as const);
  return fields<Record<string, LayerQuantisation>>(Object.fromEntries(layers))(value);
};

/** @throws {AlexNetError} where a record does not fit the model's weights. */
export function checkQuantisation(quantisation: Quantisation, weights: Weights): void {
  const flaw = quantisationCheck(quantisation);
  ensure(
    flaw === undefined,
    () => `The quantisation of the model is not valid: ${explain(flaw!)}.`,
  );
  for (const layer of Object.keys(quantisation)) {
    const dtype = weights.get(`${layer}.weight`)?.dtype;
    ensure(
      dtype === 'i8' || dtype === 'u8',
      `The quantisation of the layer "${layer}" needs weights of i8 or u8 ` +
        `but found ${dtype ?? 'none'}.`,
    );
  }
}

/** What the text counts: every number of the network that the lesson names comes from here. */
import { costs } from '../network/costs.ts';
import type { LayerCost, NetworkCost } from '../network/costs.ts';
import { hasParameters } from '../network/layer.ts';
import type { LayerType, Network, ParameterLayer } from '../network/layer.ts';
import { findLayer, volume } from '../network/shapes.ts';
import { alexnet } from '../network/variants.ts';
import { bytes, grouped, percent } from '../text.ts';

export const batch = 128;
export const paper: Network = alexnet('paper');
export const paperCost: NetworkCost = costs(paper, batch);
export const singleCost: NetworkCost = costs(alexnet('single'), batch);

/** The layers with weights, in order. */
export function weighted(cost: NetworkCost): (LayerCost & { readonly layer: ParameterLayer })[] {
  return cost.layers.filter((each): each is LayerCost & { readonly layer: ParameterLayer } =>
    hasParameters(each.layer),
  );
}

export function layer(name: string): LayerCost {
  return findLayer(paperCost.layers, name);
}

/** Parameters or multiply-adds of all layers of a kind. */
export function sumOf(
  cost: NetworkCost,
  type: LayerType,
  count: 'parameters' | 'multiplyAdds',
): number {
  return cost.layers
    .filter((each) => each.layer.type === type)
    .reduce((sum, each) => sum + each[count], 0);
}

/** `96.2 %` */
export function shareOf(type: LayerType, count: 'parameters' | 'multiplyAdds'): string {
  return percent(sumOf(paperCost, type, count), paperCost[count]);
}

/** 724 M: millions, rounded. */
export function millions(value: number): string {
  return `${grouped(value / 1e6)} M`;
}

/** 58.6 M: millions with one digit behind the point. */
export function millions1(value: number): string {
  return `${(value / 1e6).toFixed(1)} M`;
}

/** Numbers that the layers with weights give for one image: the paper's "neurons". */
export const neurons: number = weighted(paperCost).reduce(
  (sum, { output }) => sum + volume(output),
  0,
);

export const weightsSize: string = bytes(paperCost.weightsBytes);
export const trainingSize: string = bytes(paperCost.trainingBytes);

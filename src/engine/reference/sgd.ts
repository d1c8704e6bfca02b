/**
 * One parameter's update, paper §5, with the learning rate inside the velocity:
 *
 *     v ← μ v − λ ε w − ε g        w ← w + v
 *
 * So do the authors' code and Caffe. PyTorch keeps ε outside, w ← w + ε v, which differs for some
 * steps after ε has changed; a momentum of μ ε/ε_before in the first step with a new ε gives that
 * form too.
 * Both are rounded to f32, in which they are saved: so a run that is restored goes on bit for bit.
 * @param rate ε · @param decay λ · @param gradientScale multiplies g
 */
export function sgd(
  weight: Float64Array,
  velocity: Float64Array,
  gradient: Float64Array,
  {
    rate,
    decay,
    momentum,
    gradientScale,
  }: {
    readonly rate: number;
    readonly decay: number;
    readonly momentum: number;
    readonly gradientScale: number;
  },
): void {
  for (let i = 0; i < weight.length; i++) {
    velocity[i] = Math.fround(
      momentum * velocity[i]! - decay * rate * weight[i]! - rate * gradientScale * gradient[i]!,
    );
    weight[i] = Math.fround(weight[i]! + velocity[i]!);
  }
}

/** The nearest whole number, of two equally near ones the even one (Python's `round`). */
export function roundHalfEven(value: number): number {
  const lower = Math.floor(value);
  const over = value - lower;
  if (over !== 0.5) return over < 0.5 ? lower : lower + 1;
  return lower % 2 === 0 ? lower : lower + 1;
}

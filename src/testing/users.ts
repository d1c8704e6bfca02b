/**
 * Runs `use` as a user who may read only what all may, where the tests run as root, who may read
 * everything.
 */
export async function asNobody<T>(use: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return use();
  process.seteuid!(65534);
  try {
    return await use();
  } finally {
    process.seteuid!(0);
  }
}

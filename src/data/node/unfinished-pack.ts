/** Whether a folder's files are those of a `data pack` that was interrupted. */
export function isUnfinishedPack(names: Iterable<string>): boolean {
  return [...names].some((name) => /^((train|val|test)-\d{6}\.tar|classes\.txt)\.part$/.test(name));
}

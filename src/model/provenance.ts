export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where a model comes from: whatever is worth knowing later. */
export type Provenance = Readonly<Record<string, Json>>;

/**
 * The same without the folders of the machine it was made on: of an absolute path the last name
 * stays, in JSON inside of texts too.
 */
export function withoutPaths(provenance: Provenance): Provenance {
  return entriesWithoutPaths(provenance);
}

function entriesWithoutPaths(object: { readonly [key: string]: Json }): Provenance {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, valueWithoutPaths(value)]),
  );
}

function valueWithoutPaths(value: Json): Json {
  if (typeof value === 'string') return textWithoutPaths(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(valueWithoutPaths);
  return entriesWithoutPaths(value);
}

function isList(
  value: readonly Json[] | { readonly [key: string]: Json },
): value is readonly Json[] {
  return Array.isArray(value);
}

function textWithoutPaths(text: string): string {
  if (/^(\/|~\/|[A-Za-z]:[\\/]|\\\\)/.test(text))
    return text.split(/[/\\]/).findLast(Boolean) ?? '';
  if (!text.startsWith('{')) return text;
  try {
    return JSON.stringify(valueWithoutPaths(JSON.parse(text) as Json));
  } catch {
    return text;
  }
}

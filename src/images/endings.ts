/** Of pictures: those that are read, and those that are known and named as not read. */
const pictures = 'jpg jpeg jpe jfif png webp gif avif tif tiff heic heif bmp jxl jp2'.split(' ');

/** Of what lies beside pictures and is none. */
const others = (
  'txt md csv tsv json jsonl xml html htm yaml yml log ini db py js ts npy mat zip tar gz ' +
  'pdf svg mp4 mov avi aae xmp'
).split(' ');

const kinds = new Map([
  ...pictures.map((ending) => [ending, 'picture'] as const),
  ...others.map((ending) => [ending, 'other'] as const),
]);

/**
 * What a file's name promises by its ending; undefined where it says nothing. A picture of a kind
 * that is not read counts, so that it is named instead of passed over.
 */
export function promisedBy(name: string): 'picture' | 'other' | undefined {
  const [, ending] = /\.([^./\\]+)$/.exec(name) ?? [];
  return ending === undefined ? undefined : kinds.get(ending.toLowerCase());
}

export type PictureFormat = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'AVIF' | 'TIFF';

/**
 * What a file is by its first bytes, whatever its name: a picture we read, something we know and do
 * not read, or undefined.
 */
export type Content = { readonly picture: PictureFormat } | { readonly other: string } | undefined;

/** Whether it is a picture, of a kind that is read or not. */
export function isPictureContent(content: Content): boolean {
  if (content === undefined) return false;
  return 'picture' in content || content.other.endsWith(' picture');
}

/** How many bytes {@link sniff} wants to see. */
export const sniffBytes = 64;

/**
 * Tells a file's kind by its content. @param head its first {@link sniffBytes} bytes, or all there
 * are.
 */
export function sniff(head: Uint8Array): Content {
  const text = String.fromCharCode(...head.subarray(0, sniffBytes));
  if (text.slice(4, 8) === 'ftyp') return isoMedia(text);
  for (const [start, content] of signatures) if (text.startsWith(start)) return content;
  if (text.startsWith('RIFF'))
    return text.slice(8, 12) === 'WEBP' ? { picture: 'WebP' } : { other: 'a sound or film (RIFF)' };
  const words = text
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (words.startsWith('<svg') || (words.startsWith('<?xml') && words.includes('svg')))
    return { other: 'an SVG drawing' };
  if (/^<(!doctype|html|head|\?xml)/.test(words)) return { other: 'a web page (HTML or XML)' };
  return head.length > 0 && /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(text)
    ? { other: 'text' }
    : undefined;
}

const signatures: readonly (readonly [string, NonNullable<Content>])[] = [
  ['\xff\xd8\xff', { picture: 'JPEG' }],
  ['\x89PNG\r\n\x1a\n', { picture: 'PNG' }],
  ['GIF87a', { picture: 'GIF' }],
  ['GIF89a', { picture: 'GIF' }],
  ['II*\0', { picture: 'TIFF' }],
  ['MM\0*', { picture: 'TIFF' }],
  ['II+\0', { picture: 'TIFF' }],
  ['MM\0+', { picture: 'TIFF' }],
  ['BM', { other: 'a BMP picture' }],
  ['8BPS', { other: 'a Photoshop document' }],
  ['\xff\x0a', { other: 'a JPEG XL picture' }],
  ['\0\0\0\x0cJXL ', { other: 'a JPEG XL picture' }],
  ['\0\0\0\x0cjP  ', { other: 'a JPEG 2000 picture' }],
  ['%PDF', { other: 'a PDF document' }],
  ['PK\x03\x04', { other: 'a ZIP archive' }],
  ['\x1f\x8b', { other: 'a gzip archive' }],
  ['\x1aE\xdf\xa3', { other: 'a film (Matroska)' }],
];

/** The ISO base media family: AVIF, HEIC, and films. */
function isoMedia(text: string): NonNullable<Content> {
  const brands = text.slice(8, 64);
  if (brands.includes('avif')) return { picture: 'AVIF' };
  return { other: /hei[cfmsx]|hev[cx]|mif1|msf1/.test(brands) ? 'a HEIC picture' : 'a film (MP4)' };
}

import { decoder } from '#images';
import { currentLimits, decodingBytes, reserve } from './decode-limits.ts';
import { endsEarly } from './ending.ts';
import { exactFit, fit } from './fit.ts';
import type { Fit, Resize } from './fit.ts';
import type { Picture } from './picture.ts';
import type { Reading } from './preprocessing.ts';
import { resample } from './resample.ts';
import { loadPixelKernels } from './workbench.ts';
import { UnreadablePicture } from './problem.ts';
import { sniff } from './sniff.ts';
import type { PictureFormat } from './sniff.ts';
import { unsupportedTiff } from './tiff.ts';

export interface DecodeOptions extends Partial<Reading> {
  /**
   * Scaled while decoding, which for JPEG is many times faster than after, unless it names a
   * kernel. Default: left as it is.
   */
  readonly resize?: Resize;
  /** More are refused before decoding. Default 100 million. */
  readonly maximumPixels?: number;
  /**
   * Refuse what decodes with warnings too (a JPEG with wrong bytes in the middle). Default false.
   */
  readonly strict?: boolean;
}

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame), AVIF or TIFF, told by its content. Grey, CMYK,
 * 16 bit and colour profiles become 8-bit sRGB, EXIF orientation is applied (profiles and
 * orientation unless they are to be ignored; one that stands in XMP alone is not), transparency is
 * laid on white.
 * @throws {UnreadablePicture} for whatever is not such a picture.
 */
export async function decodePicture(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Picture> {
  const { resize, enlarge = true, strict = false } = options;
  const { colourProfile = 'applied', orientation = 'applied' } = options;
  const limit = options.maximumPixels ?? currentLimits().maximumPixels;
  const format = pictureFormat(bytes);
  let giveBack = (): void => undefined;
  const target = async (width: number, height: number): Promise<Fit | undefined> => {
    refuseTooLarge(width, height, limit);
    giveBack = await reserve(decodingBytes(format, bytes, width, height));
    if (resize === undefined || resize.kernel !== undefined) return undefined;
    const wanted = fit(width, height, resize);
    return enlarge || wanted.smaller ? wanted : undefined;
  };
  await loadPixelKernels();
  try {
    const picture = await decoder.decode(bytes, {
      format,
      strict,
      colourProfile,
      orientation,
      target,
    });
    return resize === undefined ? picture : resampled(picture, resize);
  } catch (error) {
    throw error instanceof UnreadablePicture ? error : decodeProblem(format, bytes);
  } finally {
    giveBack();
  }
}

function refuseTooLarge(width: number, height: number, limit: number): void {
  if (width * height <= limit) return;
  throw new UnreadablePicture(
    'tooManyPixels',
    `Expected at most ${limit} pixels but the picture has ${width}×${height} = ` +
      `${width * height}. Raise the limit (--max-pixels, maximumPixels), or make it smaller.`,
  );
}

/** Resizes a picture that is already decoded, with the filter of {@link decodePicture}. */
export async function resizePicture(picture: Picture, resize: Resize): Promise<Picture> {
  await loadPixelKernels();
  if (resize.kernel !== undefined) return resampled(picture, resize);
  return decoder.resize(picture, fit(picture.width, picture.height, resize));
}

/** Like the makers of its kernel do it, where the resize names one; else left as it is. */
function resampled(picture: Picture, resize: Resize): Picture {
  const exact = exactFit(picture.width, picture.height, resize);
  if (exact === undefined) return picture;
  return resample(picture, exact.width, exact.height, exact.kernel, exact.window);
}

function pictureFormat(bytes: Uint8Array): PictureFormat {
  if (bytes.length === 0) throw new UnreadablePicture('empty', 'The file is empty.');
  const content = sniff(bytes);
  const readable = 'Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture';
  if (content === undefined)
    throw new UnreadablePicture(
      'notAPicture',
      `${readable} but the file's first bytes are of no known kind.`,
    );
  if ('picture' in content) return content.picture;
  const picture = / (picture|drawing|document)/.test(content.other);
  throw new UnreadablePicture(
    picture ? 'unsupported' : 'notAPicture',
    `${readable} but found ${content.other}.${picture ? ' Convert it to JPEG or PNG.' : ''}`,
  );
}

function decodeProblem(format: PictureFormat, bytes: Uint8Array): UnreadablePicture {
  const unsupported = format === 'TIFF' ? unsupportedTiff(bytes) : undefined;
  if (unsupported !== undefined)
    return new UnreadablePicture(
      'unsupported',
      `The TIFF ${unsupported}, which is not read. Convert it to JPEG or PNG.`,
    );
  if (endsEarly(format, bytes))
    return new UnreadablePicture(
      'truncated',
      `The ${format} ends too early: the file is cut off. Copy it again from where it came from.`,
    );
  return new UnreadablePicture(
    'damaged',
    `The ${format} is damaged: what is in it cannot be decoded without errors.`,
  );
}

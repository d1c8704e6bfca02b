/** `#images` on Node. See `../decoder.ts`. */
import type { Decoder, PictureFiles } from '../decoder.ts';
import { decode, resize } from './decode.ts';
import { readBytes, readMemberBytes } from './files.ts';

export const decoder: Decoder = { decode, resize };
export const pictureFiles: PictureFiles = { readBytes, readMemberBytes };

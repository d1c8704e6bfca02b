/** `#images` on Node. See `../decoder.ts`. */
import type { Decoder, Drawings, PictureFiles } from '../decoder.ts';
import { decode, resize } from './decode.ts';
import { readBytes, readMemberBytes } from './files.ts';
import { rasterise } from './rasterise.ts';

export const decoder: Decoder = { decode, resize };
export const drawings: Drawings = { rasterise };
export const pictureFiles: PictureFiles = { readBytes, readMemberBytes };

import { madeBy } from '../html.ts';
import { crc32 } from './crc32.ts';

/** So much of a file's beginning holds the signature. */
export const signedBytes = 1 << 16;

const pngStart = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const pngText = 'tEXtSoftware\0alexnet';
/** The signature and the header's chunk, which has to come first. */
const pngHeaderBytes = 33;

/** A PNG with a text chunk "Software: alexnet" behind its header. */
export function signPng(png: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(pngText);
  const chunk = new Uint8Array(text.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, text.length - 4);
  chunk.set(text, 4);
  view.setUint32(4 + text.length, crc32(text));
  const signed = new Uint8Array(png.length + chunk.length);
  signed.set(png.subarray(0, pngHeaderBytes));
  signed.set(chunk, pngHeaderBytes);
  signed.set(png.subarray(pngHeaderBytes), pngHeaderBytes + chunk.length);
  return signed;
}

/**
 * Whether a file that begins so was made by alexnet: PNG, SVG, HTML, safetensors, ONNX or `.npz`.
 * @param start its first {@link signedBytes} bytes, or all of a shorter one.
 */
export function isSigned(start: Uint8Array): boolean {
  // As Latin-1, so that every byte is one character.
  const text = new TextDecoder('latin1').decode(start);
  if (startsWith(start, pngStart)) return text.startsWith(pngText, pngHeaderBytes + 4);
  if (startsWith(start, [0x50, 0x4b, 3, 4])) return text.startsWith('alexnet.npy', 30);
  if (/^\s*<(!doctype html|html)/i.test(text)) return text.includes(madeBy.html);
  if (/^\s*<(svg|\?xml)/i.test(text)) return text.includes(madeBy.svg);
  if (start[8] === 0x7b) return text.startsWith('{"__metadata__":{"alexnet.', 8);
  // ONNX: the version of its format, then the producer's name.
  return start[0] === 0x08 && text.startsWith('\u0012\u0007alexnet', 2);
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

import { extname } from 'node:path';
import { UsageError } from '../../errors.ts';
import { writeWhole } from '#platform';
import { reportHtml } from './html.ts';
import { reportPng } from './png.ts';
import type { Report } from '../pages/report.ts';

/** @throws {UsageError} for an ending that nothing is written as. */
export function checkOut(
  out: string,
  endings: readonly string[] = ['.png', '.html'],
  flag = '--out',
): void {
  if (!endings.includes(extname(out).toLowerCase()))
    throw new UsageError(`Expected ${flag} to end in ${endings.join(' or ')} but found "${out}".`);
}

/** As PNG or one-file HTML, told by the name's ending; whole or not at all. */
export async function writeReport(out: string, report: Report): Promise<void> {
  checkOut(out);
  const png = extname(out).toLowerCase() === '.png';
  await writeWhole(out, [png ? await reportPng(report) : Buffer.from(await reportHtml(report))]);
}

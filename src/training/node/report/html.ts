import { htmlPage, unbroken } from '../../../html.ts';
import * as text from '../../../text.ts';

/** 93.4 %, held together by a space that does not break. */
export function percent(fraction: number): string {
  return unbroken(text.percent(fraction));
}

/** The frame of every report. */
export function page(title: string, body: string): string {
  return htmlPage({ title, style, body });
}

const style = `
:root {
  color-scheme: light dark;
  --ink: #1b1f24;
  --soft: #667080;
  --line: #dfe3e8;
  --paper: #fff;
  --card: #f6f7f9;
  --one: #2563eb;
  --two: #d9480f;
  --good: #2b8a3e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8eb;
    --soft: #98a2b0;
    --line: #333a44;
    --paper: #14171b;
    --card: #1d2127;
    --one: #6ea8fe;
    --two: #ff922b;
    --good: #69db7c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .8rem; }
p { margin: .3rem 0 .8rem; max-width: 46rem; }
.soft { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.2rem 0 0; padding: 0; }
.facts div { background: var(--card); border-radius: 10px; padding: .6rem .8rem; flex: 1 0 auto; }
.facts dt { color: var(--soft); font-size: .82rem; }
.facts dd { margin: 0; font-size: 1.2rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 1.2rem; }
svg { width: 100%; height: auto; display: block; }
.alone { max-width: 38rem; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
svg .axis { stroke: var(--line); }
svg .one { stroke: var(--one); }
svg .two { stroke: var(--two); }
svg .three { stroke: var(--good); }
svg path.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg text.one { fill: var(--one); stroke: none; }
svg text.two { fill: var(--two); stroke: none; }
svg text.three { fill: var(--good); stroke: none; }
svg .count { fill: var(--ink); font-variant-numeric: tabular-nums; }
svg .cell { fill: var(--one); }
svg .hit { fill: var(--good); }
svg .ground { fill: var(--card); }
svg + table { margin-top: 1.2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: .82rem; }
th, td {
  padding: .22rem .7rem .22rem 0;
  border-bottom: 1px solid var(--line);
  vertical-align: middle;
  overflow-wrap: anywhere;
}
td.number, th.number { text-align: right; white-space: nowrap; }
.bar {
  display: inline-block;
  height: .6rem;
  border-radius: 3px;
  background: var(--good);
  min-width: 1px;
  vertical-align: baseline;
}
.scroll { max-height: 32rem; overflow: auto; }
.mistakes {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(140px, 1fr));
  gap: 1rem;
}
.mistakes figure { margin: 0; }
.mistakes img {
  width: 100%;
  aspect-ratio: 1;
  object-fit: cover;
  border-radius: 8px;
  background: var(--card);
}
figcaption { font-size: .82rem; line-height: 1.35; margin-top: .3rem; overflow-wrap: anywhere; }
.kernels { image-rendering: pixelated; width: 100%; max-width: 720px; border-radius: 8px; }
pre {
  background: var(--card);
  border-radius: 10px;
  padding: 1rem;
  overflow: auto;
  font-size: .82rem;
}
code { background: var(--card); border-radius: 5px; padding: .1rem .35rem; }
`;

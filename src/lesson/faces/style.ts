/** The page's look: both colour schemes, phone to desk, and paper. */
export const style = `
:root {
  color-scheme: light dark;
  --ink: #1b1b20;
  --paper: #ffffff;
  --soft: #5b5b66;
  --line: #d4d4dd;
  --tint: #f3f4f8;
  --accent: #0b57d0;
  --one: #2f6fbf;
  --two: #c9822b;
  --warn: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #ececf1;
    --paper: #17171b;
    --soft: #b3b3bf;
    --line: #3d3d47;
    --tint: #222229;
    --accent: #8ab4f8;
    --one: #7fb0ea;
    --two: #e0a458;
    --warn: #f2a39b;
  }
}
* {
  box-sizing: border-box;
}
html {
  scroll-padding-top: 1rem;
}
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font:
    17px/1.55 system-ui,
    sans-serif;
  overflow-wrap: break-word;
}
main {
  max-width: 64rem;
  margin: 0 auto;
  padding: 1.5rem 1.2rem 4rem;
}
h1 {
  font-size: 2.1rem;
  line-height: 1.15;
  margin: 0.5rem 0 0.8rem;
}
h2 {
  font-size: 1.5rem;
  line-height: 1.2;
  margin: 3rem 0 0.7rem;
  padding-top: 1.2rem;
  border-top: 1px solid var(--line);
}
h3 {
  font-size: 1.15rem;
  margin: 2rem 0 0.4rem;
}
p,
ul,
ol,
.lead {
  max-width: 44rem;
}
p {
  margin: 0.5rem 0;
}
a {
  color: var(--accent);
}
code {
  font-family: ui-monospace, 'DejaVu Sans Mono', monospace;
  font-size: 0.88em;
}
.toc {
  background: var(--tint);
  border-radius: 0.6rem;
  padding: 0.8rem 1.2rem;
  margin: 1.5rem 0;
}
.toc ol {
  margin: 0.2rem 0;
  padding-left: 1.4rem;
  columns: 2;
  column-gap: 2rem;
}
.toc strong {
  display: block;
}
.formula {
  margin: 0.8rem 0;
  padding: 0.6rem 0.9rem;
  background: var(--tint);
  border-radius: 0.5rem;
  max-width: 44rem;
}
.formula code {
  display: block;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}
.whole {
  white-space: nowrap;
}
figure {
  margin: 1.2rem 0;
  break-inside: avoid;
}
figure svg,
figure img {
  display: block;
  width: 100%;
  height: auto;
}
figure.narrow img {
  max-width: 30rem;
}
figcaption {
  font-size: 0.88rem;
  line-height: 1.4;
  color: var(--soft);
  margin-top: 0.4rem;
  max-width: 44rem;
}
svg {
  font:
    12px system-ui,
    'DejaVu Sans',
    sans-serif;
}
svg text {
  fill: var(--ink);
}
.t-soft {
  fill: var(--soft);
}
.t-strong {
  font-weight: 600;
}
.t-warn {
  fill: var(--warn);
}
.f-one {
  fill: var(--one);
}
.f-two {
  fill: var(--two);
}
.f-soft {
  fill: var(--line);
}
.f-warn {
  fill: var(--warn);
}
.f-paper {
  fill: var(--paper);
}
.edge {
  stroke: var(--one);
  stroke-width: 1.5;
  fill-opacity: 0.35;
}
.s-line,
.s-one,
.s-two,
.s-soft {
  fill: none;
  stroke-width: 1;
  stroke: var(--soft);
}
.s-one {
  stroke: var(--one);
  stroke-width: 2.5;
}
.s-two {
  stroke: var(--two);
  stroke-width: 2.5;
  stroke-dasharray: 6 3;
}
#to-scale polygon {
  stroke: var(--ink);
}
#to-scale text {
  fill: var(--ink);
  font-size: 11px;
}
#to-scale line[stroke='#6b7686'] {
  stroke: var(--soft);
}
#to-scale line[stroke='#c0392b'] {
  stroke: var(--warn);
}
#to-scale marker#plain path {
  fill: var(--soft);
}
#to-scale marker#crossing path {
  fill: var(--warn);
}
img.cells {
  image-rendering: pixelated;
}
.cards {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr));
  gap: 1rem;
  margin: 1rem 0;
}
.card {
  border: 1px solid var(--line);
  border-radius: 0.6rem;
  padding: 0.8rem 1rem;
  break-inside: avoid;
  min-width: 0;
}
.card h3 {
  margin: 0;
}
.card .about {
  margin: 0 0 0.5rem;
  color: var(--soft);
}
.card dl,
.claim dl {
  margin: 0;
  display: grid;
  grid-template-columns: minmax(6.2rem, max-content) minmax(0, 1fr);
  gap: 0.25rem 0.9rem;
  font-size: 0.92rem;
}
dt {
  color: var(--soft);
}
dd {
  margin: 0;
  min-width: 0;
  overflow-wrap: anywhere;
}
.share {
  display: grid;
  grid-template-columns: 1fr 4.2rem;
  gap: 0.6rem;
  align-items: center;
}
.share span {
  text-align: right;
  font-variant-numeric: tabular-nums;
}
.share i {
  display: block;
  height: 0.7rem;
  background: linear-gradient(to right, var(--one) var(--share), var(--line) var(--share));
  border-radius: 0.2rem;
}
.claim {
  border-left: 3px solid var(--one);
  padding: 0.1rem 0 0.1rem 0.9rem;
  margin: 1.1rem 0;
  max-width: 46rem;
  break-inside: avoid;
}
.claim > p {
  font-weight: 600;
  margin: 0 0 0.3rem;
}
.claim dd + dd {
  margin-top: 0.3rem;
}
.gallery ul {
  list-style: none;
  padding: 0;
  margin: 0;
  max-width: none;
  display: grid;
  gap: 1.2rem 1.5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr));
}
.gallery li div {
  display: flex;
  gap: 0.6rem;
}
.gallery li img {
  width: 8rem;
}
.gallery li span {
  font-size: 0.92rem;
}
.claim dd {
  grid-column: 2;
}
.where {
  color: var(--soft);
}
.try code {
  background: var(--tint);
  border: 1px solid var(--line);
  border-radius: 0.35rem;
  padding: 0.1rem 0.4rem;
  overflow-wrap: anywhere;
  -webkit-box-decoration-break: clone;
  box-decoration-break: clone;
}
.try ul {
  padding-left: 1.2rem;
  margin: 0.3rem 0;
}
table {
  border-collapse: collapse;
  font-size: 0.9rem;
  margin: 0.8rem 0;
  min-width: min(100%, 24rem);
}
caption {
  text-align: left;
  color: var(--soft);
  padding-bottom: 0.3rem;
}
th,
td {
  text-align: left;
  vertical-align: top;
  padding: 0.3rem 0.9rem 0.3rem 0;
  border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums;
}
th[scope='row'] {
  font-weight: 500;
}
.n {
  text-align: right;
}
.arithmetic {
  margin: 1rem 0;
  break-inside: avoid;
}
.arithmetic > div {
  display: flex;
  flex-wrap: wrap;
  gap: 0.6rem 0.8rem;
  align-items: center;
}
.arithmetic table {
  font-size: 0.92rem;
  width: auto;
  min-width: 0;
  margin: 0;
}
.arithmetic caption {
  font-size: 0.82rem;
  white-space: nowrap;
}
.arithmetic td {
  border: 1px solid var(--line);
  padding: 0.15rem 0.45rem;
  text-align: right;
}
.arithmetic td.marked {
  background: color-mix(in srgb, var(--two) 28%, transparent);
  font-weight: 600;
}
.arithmetic .sign {
  font-size: 1.2rem;
  padding-top: 1rem;
}
.exercise {
  background: var(--tint);
  border-radius: 0.6rem;
  padding: 0.8rem 1.1rem;
  margin: 1.2rem 0;
  max-width: 46rem;
  break-inside: avoid;
}
.exercise > p:first-child {
  margin-top: 0;
}
summary {
  cursor: pointer;
  color: var(--accent);
}
#play {
  border: 1px solid var(--line);
  border-radius: 0.6rem;
  padding: 0.9rem 1.1rem;
  margin: 1rem 0;
  max-width: 46rem;
}
#play fieldset {
  border: 0;
  padding: 0;
  margin: 0 0 0.7rem;
  display: flex;
  flex-wrap: wrap;
  gap: 0.7rem 1.2rem;
}
#play label {
  display: grid;
  font-size: 0.9rem;
}
#play input {
  font: inherit;
  width: 6rem;
  padding: 0.2rem 0.4rem;
}
#play input[aria-invalid='true'] {
  outline: 2px solid var(--warn);
}
#play output {
  display: block;
  margin: 0.7rem 0;
  font-weight: 600;
  min-height: 3.2em;
}
#play button {
  font: inherit;
  font-size: 0.9rem;
  margin: 0 0.35rem 0.35rem 0;
  padding: 0.25rem 0.7rem;
  border: 1px solid var(--line);
  border-radius: 0.4rem;
  background: var(--tint);
  color: var(--ink);
  cursor: pointer;
}
#play svg {
  width: 100%;
  max-width: 40rem;
  height: auto;
  display: block;
}
:focus-visible {
  outline: 3px solid var(--accent);
  outline-offset: 2px;
}
.skip {
  position: absolute;
  left: -99rem;
}
.skip:focus {
  left: 1rem;
  top: 0.5rem;
  background: var(--paper);
  padding: 0.3rem 0.6rem;
}
@media (max-width: 48rem) {
  figure.wide {
    display: none;
  }
  body {
    font-size: 16px;
  }
  h1 {
    font-size: 1.7rem;
  }
  .toc ol {
    columns: 1;
  }
  .claim dl {
    grid-template-columns: minmax(0, 1fr);
  }
  .claim dd {
    grid-column: 1;
  }
  .claim dt {
    margin-top: 0.4rem;
  }
  table.stack caption {
    display: block;
  }
  table.stack thead {
    position: absolute;
    left: -99rem;
  }
  table.stack,
  table.stack tbody,
  table.stack tr,
  table.stack th,
  table.stack td {
    display: block;
  }
  table.stack tr {
    border-bottom: 1px solid var(--line);
    padding: 0.4rem 0;
  }
  table.stack th,
  table.stack td {
    border: 0;
    padding: 0.05rem 0;
    text-align: left;
  }
  table.stack th[scope='row'] {
    font-weight: 600;
  }
  table.stack td::before {
    content: attr(data-title) ': ';
    color: var(--soft);
  }
  table.stack td:empty {
    display: none;
  }
}
@media print {
  :root {
    color-scheme: light;
    --ink: #000;
    --paper: #fff;
    --soft: #444;
    --line: #bbb;
    --tint: #f4f4f4;
    --accent: #000;
    --one: #2f6fbf;
    --two: #c9822b;
    --warn: #b3261e;
  }
  body {
    font-size: 10.5pt;
  }
  main {
    max-width: none;
    padding: 0;
  }
  #play,
  .skip {
    display: none !important;
  }
  h2,
  h3 {
    break-after: avoid;
  }
  a {
    text-decoration: none;
  }
  details::details-content {
    content-visibility: visible;
    block-size: auto;
  }
  summary {
    display: none;
  }
  .share i,
  .arithmetic td.marked,
  svg {
    print-color-adjust: exact;
    -webkit-print-color-adjust: exact;
  }
  table {
    break-inside: avoid;
  }
  table {
    font-size: 8.5pt;
  }
  th,
  td {
    padding-right: 0.5rem;
  }
  .cards {
    grid-template-columns: 1fr 1fr;
    gap: 0.6rem;
  }
  .card {
    font-size: 9pt;
  }
  figure.narrow svg,
  figure.narrow img {
    max-width: 9.5cm !important;
  }
  @page {
    margin: 16mm 15mm;
  }
}
`;

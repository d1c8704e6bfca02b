/** The look of the server's own pages: both colour schemes, phone to desk. */
export const style = `
:root {
  color-scheme: light dark;
  --ink: #1b1b20;
  --paper: #ffffff;
  --soft: #5b5b66;
  --line: #d4d4dd;
  --tint: #f3f4f8;
  --accent: #0b57d0;
  --bar: #2f6fbf;
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
    --bar: #7fb0ea;
    --warn: #f2a39b;
  }
}
* {
  box-sizing: border-box;
}
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font:
    17px/1.5 system-ui,
    sans-serif;
  overflow-wrap: break-word;
}
main {
  max-width: 46rem;
  margin: 0 auto;
  padding: 1.2rem 1rem 3rem;
}
h1 {
  font-size: 1.7rem;
  line-height: 1.2;
  margin: 0.4rem 0 0.3rem;
}
h2 {
  font-size: 1.25rem;
  margin: 2.2rem 0 0.4rem;
}
p {
  margin: 0.4rem 0;
}
a {
  color: var(--accent);
}
code,
pre {
  font-family: ui-monospace, 'DejaVu Sans Mono', monospace;
  font-size: 0.85em;
}
pre {
  background: var(--tint);
  border-radius: 6px;
  padding: 0.7rem 0.9rem;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  margin: 0.5rem 0;
}
.soft {
  color: var(--soft);
}
.drop {
  display: block;
  margin: 1rem 0;
  padding: 2.2rem 1rem;
  border: 2px dashed var(--line);
  border-radius: 12px;
  background: var(--tint);
  text-align: center;
  cursor: pointer;
}
.drop:hover,
.drop.over,
.drop:focus-within {
  border-color: var(--accent);
}
.drop input {
  position: absolute;
  opacity: 0;
  width: 1px;
  height: 1px;
}
.row {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem 1rem;
  align-items: center;
}
[hidden] {
  display: none !important;
}
select,
input[type='password'] {
  font: inherit;
  color: inherit;
  background: var(--paper);
  border: 1px solid var(--line);
  border-radius: 6px;
  padding: 0.35rem 0.6rem;
  max-width: 100%;
}
.answer {
  display: grid;
  grid-template-columns: 9rem 1fr;
  gap: 1rem;
  padding: 1rem 0;
  border-top: 1px solid var(--line);
}
.answer img {
  width: 100%;
  max-height: 9rem;
  object-fit: contain;
  border-radius: 6px;
  background: var(--tint);
}
.answer h3 {
  font-size: 1rem;
  margin: 0 0 0.4rem;
}
.answer ol {
  list-style: none;
  margin: 0;
  padding: 0;
}
.answer li {
  display: grid;
  grid-template-columns: 1fr 4.2rem;
  gap: 0 0.6rem;
  margin-bottom: 0.35rem;
}
.answer li span:nth-child(2) {
  text-align: right;
  font-variant-numeric: tabular-nums;
}
.answer progress {
  grid-column: 1 / -1;
  appearance: none;
  width: 100%;
  height: 6px;
  border: 0;
  border-radius: 3px;
  background: var(--tint);
}
.answer progress::-webkit-progress-bar {
  background: var(--tint);
  border-radius: 3px;
}
.answer progress::-webkit-progress-value {
  background: var(--bar);
  border-radius: 3px;
}
.answer progress::-moz-progress-bar {
  background: var(--bar);
  border-radius: 3px;
}
.error {
  color: var(--warn);
}
.method {
  display: inline-block;
  min-width: 3.4rem;
  font-weight: 600;
}
table {
  border-collapse: collapse;
  margin: 0.4rem 0;
}
th,
td {
  text-align: left;
  padding: 0.2rem 1rem 0.2rem 0;
  border-bottom: 1px solid var(--line);
  vertical-align: top;
  font-weight: 400;
}
.route {
  border-top: 1px solid var(--line);
  padding: 0.8rem 0;
}
.route h3 {
  font-size: 1rem;
  margin: 0;
}
@media (max-width: 30rem) {
  .answer {
    grid-template-columns: 1fr;
  }
  .answer img {
    max-height: 14rem;
  }
}
`;

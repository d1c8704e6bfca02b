import { pageScript, servedPage } from './page.ts';
import type { ServedPage } from './page.ts';

/** `GET /`: pictures are dropped on it, chosen, photographed or pasted, and it says what is on them. */
export async function homePage(): Promise<ServedPage> {
  return servedPage({
    title: 'What is on a picture?',
    script: await pageScript('home.js'),
    body: `<h1>What is on a picture?</h1>
<p class="soft">The network on this server says. Pictures are sent to it, and kept nowhere.</p>
<label class="drop" id="drop">
  <input type="file" id="files" accept="image/*" multiple>
  <strong>Drop pictures here</strong>, paste one, or <u>choose</u>
</label>
<div class="row">
  <label id="models" hidden>Model <select id="model"></select></label>
  <form id="locked" hidden><label>Key
  <input type="password" id="key" autocomplete="off"></label></form>
</div>
<p id="trouble" class="error" role="alert" hidden></p>
<section id="answers" aria-live="polite"></section>
<h2>From a program</h2>
<pre id="curl"></pre>
<p><a href="/docs">All addresses</a> · <a href="/openapi.json">OpenAPI</a> ·
<a href="/metrics">Metrics</a></p>`,
  });
}

import { render } from 'preact';
import './look/style.css';
import { App } from './shell/app.tsx';
import { registerServiceWorker } from './shell/offline.ts';
import { listenForDrops } from './shell/drops.ts';

render(<App />, document.querySelector('#app')!);
listenForDrops();
registerServiceWorker();

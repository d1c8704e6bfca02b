/** The library on Node: all that the browser has, and what needs files, threads or native code. */
export * from './browser.ts';
export { engines, findEngine } from './engine/registry.ts';

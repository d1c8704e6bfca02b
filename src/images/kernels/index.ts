/** All kernels of `images`, one module. */
export * from './pixels';
export * from './resample';

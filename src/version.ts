/** Of this package; a test holds it to package.json, which a page cannot read. */
export const version = '0.1.0';

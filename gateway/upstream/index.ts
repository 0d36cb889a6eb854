export { classifyAddress, mayConnect } from './address.ts';
export type { Resolve } from './connect.ts';
export { createUpstreams, type UpstreamsOptions } from './forward.ts';

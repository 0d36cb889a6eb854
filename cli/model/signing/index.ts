export { addProvenance, addSign } from './sign.ts';
export { addVerify } from './verify.ts';

export { DEMO_LABEL, DEMO_SECRET, DEMO_SYSTEM_PROMPT } from './persona.ts';
export { type Demo, type DemoOptions, startDemo } from './server.ts';

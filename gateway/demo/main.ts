import { liveUntilAsked } from '../workers/lifetime.ts';
import { type Demo, startDemo } from './server.ts';

/** `node gateway/demo/main.ts`: the demo assistant as a process of its own, at BARTIZAN_HOST and BARTIZAN_DEMO_PORT. */
let demo: Demo | null = null;
const lifetime = liveUntilAsked(async () => demo?.close(), 5_000);
const port = Number(process.env.BARTIZAN_DEMO_PORT ?? 0);
demo = await startDemo({ host: process.env.BARTIZAN_HOST ?? '127.0.0.1', port });
process.stderr.write(`demo assistant at ${demo.url}\n`);
lifetime.ready(demo.url);

import { loadConfig, startServer } from '@bartizan/server';

/** The control plane as a process of its own; says where its first administrator is made. */
const server = await startServer(loadConfig(process.env));
process.stdout.write(`${server.setupUrl ?? ''}\n`);

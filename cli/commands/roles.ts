import { runGateway } from '@bartizan/gateway/main.ts';
import { startServer } from '@bartizan/server/main.ts';
import { runAsProcess } from '@bartizan/server/process.ts';
import type { Command } from 'commander';

/**
 * Single roles, for containers: each reads its settings from BARTIZAN_* environment variables
 * (docs/guide/operations.md) and runs until it is told to stop.
 */
export function addRoles(program: Command): void {
  program
    .command('server')
    .description('run only the server (control plane); settings come from the environment')
    .action(() => runAsProcess(startServer));
  program
    .command('gateway')
    .description('run only a gateway (data plane); settings come from the environment')
    .action(() => runGateway());
}

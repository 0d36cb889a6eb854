import type { Command } from 'commander';

/**
 * Single roles, for containers: each reads its settings from BARTIZAN_* environment variables
 * (docs/guide/operations.md) and runs until it is told to stop. Loaded when asked for only: the other commands
 * need neither server nor gateway.
 */
export function addRoles(program: Command): void {
  program
    .command('server')
    .description('run only the server (control plane); settings come from the environment')
    .action(async () => {
      const [{ startServer }, { runAsProcess }] = await Promise.all([
        import('@bartizan/server/main.ts'),
        import('@bartizan/server/process.ts'),
      ]);
      await runAsProcess(startServer);
    });
  program
    .command('gateway')
    .description('run only a gateway (data plane); settings come from the environment')
    .action(async () => {
      const { runGateway } = await import('@bartizan/gateway/main.ts');
      await runGateway();
    });
}

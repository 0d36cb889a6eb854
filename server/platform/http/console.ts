import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/error.ts';

const isPage = (request: FastifyRequest): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') &&
  !/^\/(?:api|internal|assets)(?:\/|$)/.test(request.url.split('?', 1)[0] ?? '') &&
  (request.headers.accept ?? '').includes('text/html');

/** The build puts a digest into the names of these files, so they never change. */
const cacheControl = (directory: string, path: string): string =>
  path.startsWith(join(directory, 'assets') + sep) ? 'public, max-age=31536000, immutable' : 'no-cache';

/**
 * Serves the built console: its files, and index.html for every other page address so that links into it
 * work. Everything else that is not found gets the API's error.
 */
export async function serveConsole(app: FastifyInstance, directory: string | null): Promise<void> {
  const built = directory !== null && existsSync(join(directory, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root: directory,
      cacheControl: false,
      dotfiles: 'deny',
      setHeaders: (reply: FastifyReply, path: string) => {
        reply.header('cache-control', cacheControl(directory, path));
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    if (!isPage(request)) throw new AppError('not_found', 'there is nothing here');
    if (built) return reply.sendFile('index.html');
    return reply
      .status(404)
      .type('text/plain; charset=utf-8')
      .send('The console is not built. Run "npm run build" once, then start Bartizan again.\n');
  });
}

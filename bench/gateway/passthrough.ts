import { createServer } from 'node:http';
import { Pool } from 'undici';

/** The floor: the least a proxy of this kind can do — one undici pool, both bodies parsed, nothing judged. */
const pool = new Pool(process.argv[2] ?? '', { connections: 128, pipelining: 1 });

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    void relay(Buffer.concat(parts), request.url ?? '/', response);
  });
});

async function relay(
  body: Buffer,
  path: string,
  response: import('node:http').ServerResponse,
): Promise<void> {
  JSON.parse(body.toString());
  const answer = await pool.request({
    method: 'POST',
    path,
    body,
    headers: { 'content-type': 'application/json' },
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  JSON.parse(bytes.toString());
  response.writeHead(answer.statusCode, {
    'content-type': 'application/json',
    'content-length': bytes.length,
  });
  response.end(bytes);
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' && address ? address.port : 0);
});
process.on('disconnect', () => process.exit(0));

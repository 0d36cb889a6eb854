// The image's health check: asks this container's own roles, without curl. Exits 0 when all of them answer.
// Roles are the arguments, else those of process 1 (`server`, `gateway`, `all`).
import { readFileSync } from 'node:fs';
import { get } from 'node:http';

const TIMEOUT_MS = 4000;
const PORTS = {
  server: Number(process.env.BARTIZAN_PORT || 7600),
  gateway: Number(process.env.BARTIZAN_GATEWAY_PORT || 7601),
};

function roles() {
  const given = process.argv.slice(2);
  const words = given.length > 0 ? given : readFileSync('/proc/1/cmdline', 'utf8').split('\0');
  const found = Object.keys(PORTS).filter((role) => words.includes(role));
  return found.length > 0 ? found : Object.keys(PORTS);
}

/** Resolves with null when the role answers, else with what is wrong. */
function ask(role) {
  return new Promise((settle) => {
    const request = get(
      { host: '127.0.0.1', port: PORTS[role], path: '/healthz', timeout: TIMEOUT_MS },
      (response) => {
        response.resume();
        settle(response.statusCode === 200 ? null : `${role} answers ${response.statusCode}`);
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) => settle(`${role}: ${error.message || error.code}`));
  });
}

const problems = (await Promise.all(roles().map(ask))).filter((problem) => problem !== null);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);

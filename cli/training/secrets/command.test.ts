import { describe, expect, it } from 'vitest';
import { maskedCommand } from './command.ts';
import { MASK } from './names.ts';

// No scanner's pattern, and nothing that its form gives away: what masks it is what stands around it.
const S = 'Hunter2plus';

describe('a command loses', () => {
  it.each<[string, string[], string[]?]>([
    // Short options, by the program that they are given to.
    ['curl', ['curl', '-u', `bob:${S}`, 'https://h/x'], ['curl', '-u', `bob:${MASK}`, 'https://h/x']],
    ['curl, attached', ['curl', `-ubob:${S}`], ['curl', `-ubob:${MASK}`]],
    ['curl --user', ['curl', '--user', `bob:${S}`]],
    ['curl --user=', ['curl', `--user=bob:${S}`]],
    ['curl, a cookie', ['curl', '-b', `session=${S}`]],
    ['mysql', ['mysql', '-uroot', `-p${S}`, 'db'], ['mysql', '-uroot', `-p${MASK}`, 'db']],
    ['mysql, apart', ['mysql', '-p', S]],
    ['mysqldump', ['/usr/bin/mysqldump', `-p${S}`]],
    ['mysql in a container', ['docker', 'exec', 'db', 'mysql', `-p${S}`]],
    ['mariadb with sudo', ['sudo', 'mariadb', `-p${S}`]],
    ['sshpass', ['sshpass', '-p', S, 'ssh', 'host']],
    ['sqlcmd', ['sqlcmd', '-S', 'host', '-U', 'sa', '-P', S]],
    ['redis-cli', ['redis-cli', '-a', S]],
    ['docker login', ['docker', 'login', '-u', 'bob', '-p', S]],
    ['ldapsearch', ['ldapsearch', '-x', '-w', S]],
    ['smbclient', ['smbclient', '//h/s', '-U', `bob%${S}`]],
    ['a tool of their own', ['./load', '-u', 'bob', '-p', S]],
    ['openssl', ['openssl', 'rsa', '-passin', `pass:${S}`]],
    // Names.
    ['--auth', ['python', 't.py', '--auth', `bob:${S}`], ['python', 't.py', '--auth', `bob:${MASK}`]],
    ['--auth, one part', ['python', 't.py', '--auth', S]],
    ['--key', ['python', 't.py', '--key', S]],
    ['--key=', ['python', 't.py', `--key=${S}`]],
    ['--creds', ['python', 't.py', '--creds', S]],
    ['--openai-key', ['python', 't.py', '--openai-key', S]],
    ['--api-key-2', ['python', 't.py', '--api-key-2', S]],
    ['API_KEY_PROD', ['env', `API_KEY_PROD=${S}`, 'python']],
    ['api-key=', ['python', 't.py', `api-key=${S}`]],
    ['attached -e', ['docker', 'run', `-eAPI_KEY=${S}`]],
    ['--pw', ['python', 't.py', '--pw', S]],
    ['a value with signs', ['python', 't.py', `--password=${S};&'x" y ${S}`]],
    ['a value with spaces', ['python', 't.py', '--password', `${S} and ${S}`]],
    // Values that look like something else.
    ['$ first', ['python', 't.py', '--token', `$${S}`]],
    ['$ first, with signs', ['python', 't.py', '--token', `$A-${S}`]],
    ['${} and more', ['python', 't.py', '--token', `\${A}${S}`]],
    ['< first', ['python', 't.py', '--token', `<${S}>`]],
    ['% around', ['python', 't.py', '--token', `%${S}%!`]],
    ['*** first', ['python', 't.py', '--token', `***${S}`]],
    ['- first', ['python', 't.py', '--password', `-${S}`]],
    ['-- first', ['python', 't.py', '--password', `--${S}`]],
    // Headers.
    [
      'Authorization',
      ['curl', '-H', `Authorization: Bearer ${S}`],
      ['curl', '-H', `Authorization: Bearer ${MASK}`],
    ],
    ['Authorization, basic', ['curl', '-H', `authorization:Basic ${S}`]],
    ['Authorization, bare', ['curl', '--header', `Authorization: ${S}`]],
    ['Authorization, attached', ['curl', `-HAuthorization: Bearer ${S}`]],
    ['--header=', ['curl', `--header=Authorization: Token ${S}`]],
    ['X-Api-Key', ['curl', '-H', `X-Api-Key: ${S}`]],
    ['X-Auth-Token', ['curl', '-H', `X-Auth-Token:${S}`]],
    ['PRIVATE-TOKEN', ['curl', '-H', `PRIVATE-TOKEN: ${S}`]],
    ['Cookie', ['curl', '-H', `Cookie: a=b; sid=${S}`]],
    // JSON and YAML.
    [
      'JSON',
      ['python', 't.py', `{"api_key":"${S}","n":1}`],
      ['python', 't.py', `{"api_key":"${MASK}","n":1}`],
    ],
    ['JSON with spaces', ['python', 't.py', `{ "password" : "a \\" ${S}" }`]],
    ['JSON in quotes', ['sh', '-c', `curl -d "{\\"password\\": \\"${S}\\"}"`]],
    ['JSON, deeper', ['python', 't.py', `{"db":{"Password":"${S}"}}`]],
    ['JSON, a list', ['python', 't.py', `{"api_keys":["${S}","b${S}"]}`]],
    ['Python', ['python', '-c', `f({'token': '${S}'})`]],
    ['Python, arguments', ['python', '-c', `login(password='${S}')`]],
    ['Python, a variable', ['python', '-c', `os.environ["HF_TOKEN"] = "${S}"`]],
    ['YAML', ['python', 't.py', '--set', `{password: ${S}}`]],
    // Addresses.
    [
      'an address with one part',
      ['git', 'clone', `https://${S}@host/x`],
      ['git', 'clone', `https://${MASK}@host/x`],
    ],
    [
      'an address with two',
      ['git', 'clone', `https://bob:${S}@host/x`],
      ['git', 'clone', `https://bob:${MASK}@host/x`],
    ],
    ['an address with a name that is none', ['git', 'clone', `https://${S}:x-oauth-basic@host/x`]],
    ['an address with signs', ['psql', `postgres://app:a@b/${S}@db:5432/x`]],
    ['an address without a name', ['x', `redis://:${S}@h:6379/0`]],
    ['Sentry', ['x', '--dsn', `https://${S}@o1.ingest.sentry.io/2`]],
    ['a fragment', ['x', `https://h/cb#access_token=${S}&state=1`]],
    ['Slack', ['curl', `https://hooks.slack.com/services/T0/B0/${S}`]],
    ['Discord', ['curl', `https://discord.com/api/webhooks/123/${S}`]],
    ['Telegram', ['curl', `https://api.telegram.org/bot123:${S}/sendMessage`]],
    ['Teams', ['curl', `https://x.webhook.office.com/webhookb2/1@2/IncomingWebhook/${S}/3`]],
    ['SQL Server', ['x', `Server=h;User Id=sa;Password=${S};Encrypt=no`]],
    ['SQL Server with spaces', ['x', `Server=h;Pwd = ${S};`]],
    ['Azure', ['x', `AccountName=a;AccountKey=${S}==;EndpointSuffix=x`]],
    ['libpq', ['psql', `host=h password=${S} dbname=x`]],
    // Through a shell.
    ['a shell', ['bash', '-lc', `cd /x && mysql -p${S} db; curl -u bob:${S} h | tee o`]],
    ['a shell, quoted', ['bash', '-c', `curl -H "X-Api-Key: ${S}" -u 'bob:${S}' h`]],
    ['a shell, assigned', ['sh', '-c', `export KEY=${S}; TOKEN="${S}" python t.py`]],
    ['a shell, of a program', ['sh', '-c', `TOKEN=$(echo ${S}) python t.py`]],
    ['a shell in a shell', ['sh', '-c', `bash -c "mysql -p'${S}' db"`]],
    [
      'what another name holds',
      ['x', `{"run":["a",{"password":"${S}"}],"c":"d --token=${S} 'password=${S}'"}`],
    ],
    ['an open quote', ['sh', '-c', `password="${S}`]],
  ])('%s', (_, command, expected) => {
    const { command: kept, what } = maskedCommand(command);
    expect(JSON.stringify(kept)).not.toContain(S);
    expect(what.length).toBeGreaterThan(0);
    expect(kept[0]).toBe(command[0]);
    if (expected) expect(kept).toEqual(expected);
  });

  it('the value, and says of what, not which', () => {
    const { what } = maskedCommand(['curl', '-u', `bob:${S}`, '--api-key', S, `https://${S}@h/`]);
    expect(what).toEqual(['the value of -u', 'the value of --api-key', 'credentials of an address']);
  });
});

describe('a command keeps', () => {
  it.each<[string, string[]]>([
    ['numbers', ['python', 't.py', '--seed', '1', '--lr', '0.1', '-p', '8080', '--max-tokens', '512']],
    ['python -u', ['python', '-u', 'train.py', '-p', 'out', '--user', 'bob']],
    ['ports', ['docker', 'run', '-p', '8080:80', '-u', '1000:1000', 'mysql:8']],
    ['port of mysql', ['mysql', '-P', '3306', '-h', 'db', '--protocol=tcp']],
    [
      'paths',
      ['python', 't.py', '--key', './tls/server.key', '--creds', '/etc/gcp/sa.json', '--auth', '~/a.json'],
    ],
    ['commits', ['git', 'checkout', '9b1f0c2d4e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c']],
    [
      'words of a vocabulary',
      ['python', 't.py', '--eos-token=</s>', '--pad-token', '<pad>', '--tokenizer', 'bert'],
    ],
    ['a variable', ['sh', '-c', 'HF_TOKEN=$HF_TOKEN python t.py --api-key "${API_KEY}" --password $1']],
    ['a variable as argument', ['python', 't.py', '--token', '$TOKEN', '--api-key=${KEY}']],
    [
      'a header with a variable',
      ['sh', '-c', 'curl -H "Authorization: Bearer $TOKEN" https://$USER:$PASS@h/'],
    ],
    ['flags', ['python', 't.py', '--use-auth-token', '--epochs', '3', '--no-password', '--fp16']],
    ['columns', ['python', 't.py', '--sort-key', 'date', '--primary-key=id', '--key-column', 'id']],
    ['addresses', ['wget', 'https://h:443/a/@scope/b?page=2&part=3#top', 'ssh://git@h/x', 'git@h:o/r.git']],
    [
      'data lakes',
      ['x', 'abfss://raw@lake.dfs.core.windows.net/a', 's3://bucket/a=1/b.csv', 'postgres://app@db/x'],
    ],
    ['other headers', ['curl', '-H', 'Accept: application/json', '-H', 'Content-Type:text/plain']],
    [
      'JSON',
      ['python', 't.py', '{"lr":0.1,"model":"bert","max_tokens":5,"token_type":"x","sort":{"key":"date"}}'],
    ],
    ['hydra', ['python', 't.py', 'model.key=name', '+optim.lr=1e-3', 'data=a;b']],
    ['modes', ['python', 't.py', '--auth', 'basic', '--auth=none']],
  ])('%s', (_, command) => expect(maskedCommand(command)).toEqual({ command, what: [] }));
});

it('hostile arguments take seconds at most', () => {
  const parts = [
    '-p "',
    "a='",
    '\\"',
    'password:',
    'x://a:',
    '{"key":[',
    'a@',
    '-u a:',
    '$(',
    '--key ',
    'Authorization:',
    '"password":[',
    '"key":"',
    '"token":\\"',
    'x:/hooks/',
    'postgres://a:b@',
  ];
  for (const part of parts) {
    const before = performance.now();
    maskedCommand(['sh', '-c', part.repeat(Math.floor(200_000 / part.length))]);
    expect(performance.now() - before, part).toBeLessThan(5_000);
  }
});

/** What a person can paste to send a first request. `key` is a placeholder unless it was just created. */
export interface SnippetInput {
  readonly gatewayUrl: string;
  readonly key: string;
  readonly model: string;
}

export const KEY_PLACEHOLDER = 'YOUR_BARTIZAN_KEY';
/** Shown when the server does not know its gateway's address. */
export const GATEWAY_PLACEHOLDER = 'https://your-gateway';

const json = (value: string): string => JSON.stringify(value);

export function curlSnippet(
  { gatewayUrl, key, model }: SnippetInput,
  text = 'What can you help me with?',
): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: text }] });
  return `curl ${gatewayUrl}/v1/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '${body.replaceAll("'", "'\\''")}'`;
}

export const pythonSnippet = ({ gatewayUrl, key, model }: SnippetInput): string => `from openai import OpenAI

client = OpenAI(base_url=${json(`${gatewayUrl}/v1`)}, api_key=${json(key)})
answer = client.chat.completions.create(
    model=${json(model)},
    messages=[{"role": "user", "content": "What can you help me with?"}],
)
print(answer.choices[0].message.content)`;

export const javascriptSnippet = ({
  gatewayUrl,
  key,
  model,
}: SnippetInput): string => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: ${json(`${gatewayUrl}/v1`)}, apiKey: ${json(key)} });
const answer = await client.chat.completions.create({
  model: ${json(model)},
  messages: [{ role: 'user', content: 'What can you help me with?' }],
});
console.log(answer.choices[0].message.content);`;

export const anthropicSnippet = ({
  gatewayUrl,
  key,
  model,
}: SnippetInput): string => `from anthropic import Anthropic

client = Anthropic(base_url=${json(gatewayUrl)}, api_key=${json(key)})
answer = client.messages.create(
    model=${json(model)},
    max_tokens=500,
    messages=[{"role": "user", "content": "What can you help me with?"}],
)
print(answer.content[0].text)`;

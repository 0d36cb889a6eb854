import { type TokenRule, token } from './rule.ts';
import { alnum, hex, jwt, lower, url64 } from './sample-parts.ts';

/** True when the part before the first dot decodes to a JSON object that names an algorithm. */
function hasJoseHeader(value: string): boolean {
  const head = value.slice(0, value.indexOf('.')).replaceAll('-', '+').replaceAll('_', '/');
  try {
    const header: unknown = JSON.parse(atob(head));
    return typeof header === 'object' && header !== null && 'alg' in header;
  } catch {
    return false;
  }
}

/** Providers of models, Bartizan's own keys, and web tokens. */
export const AI_TOKENS: readonly TokenRule[] = [
  token(
    ['openai-key', 'an OpenAI key'],
    ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-None-'],
    '[A-Za-z0-9_-]{40,250}',
    {
      yes: [`sk-proj-${alnum(74)}T3BlbkFJ${alnum(74)}`],
      no: ['sk-proj-your-key', `sk-proj-${'x'.repeat(48)}`],
    },
  ),
  token(['openai-legacy-key', 'a secret key in the form of OpenAI'], ['sk-'], '[A-Za-z0-9]{32,64}', {
    yes: [`sk-${alnum(20)}T3BlbkFJ${alnum(20)}`, `sk-${hex(32)}`],
    no: ['sk-learn', 'sk-...', `sk-${'a'.repeat(48)}`],
    score: 0.95,
  }),
  token(
    ['anthropic-key', 'an Anthropic key'],
    ['sk-ant-'],
    '(?:api|admin|oat|sid|ort)[0-9]{2}-[A-Za-z0-9_-]{80,150}',
    {
      yes: [`sk-ant-api03-${url64(93)}AA`, `sk-ant-admin01-${url64(93)}AA`],
      no: ['sk-ant-api03-...', 'sk-ant-api03-your-key-here'],
    },
  ),
  token(['openrouter-key', 'an OpenRouter key'], ['sk-or-v1-'], '[a-f0-9]{64}', {
    yes: [`sk-or-v1-${hex(64)}`],
    no: ['sk-or-v1-key'],
  }),
  token(
    ['langfuse-key', 'a Langfuse secret key'],
    ['sk-lf-'],
    '[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}',
    {
      yes: [`sk-lf-${hex(8)}-${hex(4)}-${hex(4, 2)}-${hex(4, 3)}-${hex(12)}`],
      no: ['sk-lf-00'],
    },
  ),
  token(['langsmith-key', 'a LangSmith key'], ['lsv2_pt_', 'lsv2_sk_'], '[a-f0-9]{32}_[a-f0-9]{10}', {
    yes: [`lsv2_pt_${hex(32)}_${hex(10)}`],
    no: ['lsv2_pt_key'],
  }),
  token(['huggingface-token', 'a Hugging Face token'], ['hf_', 'api_org_'], '[A-Za-z]{34}', {
    yes: [`hf_${'abcdefghijklmnopqrstuvwxyzABCDEFGHIJ'.slice(0, 34)}`],
    no: ['hf_hub_download', 'hf_home'],
  }),
  token(['replicate-token', 'a Replicate token'], ['r8_'], '[A-Za-z0-9]{37}', {
    yes: [`r8_${alnum(37)}`],
    no: ['r8_model'],
  }),
  token(['groq-key', 'a Groq key'], ['gsk_'], '[A-Za-z0-9]{48,56}', {
    yes: [`gsk_${alnum(52)}`],
    no: ['gsk_demo'],
  }),
  token(['xai-key', 'an xAI key'], ['xai-'], '[A-Za-z0-9]{70,90}', {
    yes: [`xai-${alnum(80)}`],
    no: ['xai-explainability'],
  }),
  token(['perplexity-key', 'a Perplexity key'], ['pplx-'], '[A-Za-z0-9]{48,56}', {
    yes: [`pplx-${alnum(48)}`],
    no: ['pplx-api'],
  }),
  token(['nvidia-key', 'an NVIDIA API key'], ['nvapi-'], '[A-Za-z0-9_-]{60,70}', {
    yes: [`nvapi-${url64(64)}`],
    no: ['nvapi-docs'],
  }),
  token(['fireworks-key', 'a Fireworks key'], ['fw_'], '[A-Za-z0-9]{22,24}', {
    yes: [`fw_${alnum(22)}`],
    no: ['fw_update_check'],
    score: 0.85,
  }),
  token(['wandb-key', 'a Weights & Biases key'], ['wandb_v1_'], '[A-Za-z0-9_]{60,100}', {
    yes: [`wandb_v1_${alnum(77)}`],
    no: ['wandb_v1_run'],
  }),
  token(['pinecone-key', 'a Pinecone key'], ['pcsk_'], '[A-Za-z0-9]{5,8}_[A-Za-z0-9]{50,70}', {
    yes: [`pcsk_${alnum(6)}_${alnum(63)}`],
    no: ['pcsk_index'],
  }),
  token(['bartizan-key', 'a Bartizan key'], ['bz_'], '[A-Za-z0-9_-]{32,64}', {
    yes: [`bz_${url64(43)}`],
    no: ['bz_key', `bz_${lower(8)}`],
  }),
  token(
    ['jwt', 'a JSON Web Token'],
    ['eyJ'],
    '[A-Za-z0-9_-]{8,1000}\\.[A-Za-z0-9_-]{8,3000}\\.[A-Za-z0-9_-]{16,1000}',
    {
      yes: [jwt(), jwt({ typ: 'JWT', alg: 'RS256', kid: 'k1' })],
      no: ['eyJhbGciOiJIUzI1NiJ9', jwt({ not: 'a header' })],
      score: 0.9,
      accept: hasJoseHeader,
    },
  ),
];

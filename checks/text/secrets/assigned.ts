import type { AssignedRule } from './rule.ts';
import { alnum, base64, hex, lower, url64, uuid } from './sample-parts.ts';

const UUID = /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i;

/** Secrets without a form of their own, known by the vendor's word in the name they are assigned to. */
export const ASSIGNED_RULES: readonly AssignedRule[] = [
  {
    id: 'aws-secret-key',
    title: 'an AWS secret key',
    name: /aws.{0,12}secret|secret access key|aws.{0,6}key$/,
    value: /^[A-Za-z0-9/+=]{40}$/,
    score: 0.97,
    yes: [`aws_secret_access_key = ${base64(40)}`, `"SecretAccessKey": "${base64(40)}"`],
    no: ['aws_secret_access_key = <secret>', `git_commit = ${hex(40)}`],
  },
  {
    id: 'aws-session-token',
    title: 'an AWS session token',
    name: /aws.{0,4}session.{0,4}token|^session token$/,
    value: /^[A-Za-z0-9/+=]{100,1000}$/,
    score: 0.95,
    yes: [`AWS_SESSION_TOKEN=${base64(200)}`],
    no: ['AWS_SESSION_TOKEN=none'],
  },
  {
    id: 'heroku-key',
    title: 'a Heroku API key',
    name: /heroku/,
    value: UUID,
    score: 0.95,
    yes: [`HEROKU_API_KEY=${uuid()}`],
    no: [`request_id=${uuid()}`],
  },
  {
    id: 'cloudflare-key',
    title: 'a Cloudflare key',
    name: /cloudflare|\bcf (?:api )?(?:key|token)/,
    value: /^(?:[a-f0-9]{37}|[A-Za-z0-9_-]{40})$/,
    score: 0.95,
    yes: [`CLOUDFLARE_API_KEY=${hex(37)}`, `cloudflare_api_token: ${url64(40)}`],
    no: [`zone_id=${hex(32)}`],
  },
  {
    id: 'twilio-auth-token',
    title: 'a Twilio auth token',
    name: /twilio.{0,20}(?:token|secret)/,
    value: /^[a-f0-9]{32}$/,
    score: 0.95,
    yes: [`TWILIO_AUTH_TOKEN=${hex(32)}`],
    no: [`md5=${hex(32)}`],
  },
  {
    id: 'datadog-key',
    title: 'a Datadog key',
    name: /datadog|\bdd (?:api|app)/,
    value: /^(?:[a-f0-9]{32}|[a-f0-9]{40})$/,
    score: 0.95,
    yes: [`DD_API_KEY=${hex(32)}`],
    no: ['DD_API_KEY=datadog', `etag=${hex(32)}`],
  },
  {
    id: 'service-key',
    title: 'a service key',
    name: /(?:algolia|fastly|sumo ?logic|snyk|circle ?ci|travis|codecov|lob|intercom|segment|zendesk|asana|trello|opsgenie|pager ?duty|bitbucket|rollbar|bugsnag|honeycomb|mixpanel|amplitude|cohere|mistral|together|deepseek|deepl|elevenlabs|assembly ?ai|jina|voyage|stability|runpod|ai21|watsonx?|ibm ?cloud|linode|vultr|hetzner|ovh|scaleway|oracle|okta|auth0|sonar|jenkins|artifactory|nexus|vercel|render|railway|confluent|kafka|rabbitmq|elastic|mongo ?db|atlas|redis|upstash|qdrant|weaviate|openweather|mapbox|here|tomtom|coinbase|binance|kraken|finnhub|alpha ?vantage|newsapi|rapidapi|zoom|dropbox|yandex|vk|line|wechat|kakao|jira|confluence|wandb)\b.{0,24}(?:key|token|secret|pat)$/,
    value: /^[A-Za-z0-9_\-+/=.]{20,120}$/,
    score: 0.9,
    yes: [`ALGOLIA_ADMIN_KEY=${hex(32)}`, `mistral_api_key: "${alnum(32)}"`, `SNYK_TOKEN=${uuid()}`],
    no: ['algolia_index_name=products', 'MISTRAL_API_KEY=your-mistral-api-key-here'],
  },
  {
    id: 'authorization-header',
    title: 'credentials in an authorisation header',
    name: /\bauthorization$/,
    value: /^[A-Za-z0-9_\-+/=.~]{16,2000}$/,
    score: 0.9,
    yes: [`Authorization: Bearer ${alnum(40)}`, `authorization: Basic ${btoa(`admin:${alnum(12)}`)}`],
    no: [
      'Authorization: Bearer <token>',
      'Authorization: Bearer YOUR_TOKEN_GOES_HERE',
      'Authorization: required',
    ],
  },
  {
    id: 'kubernetes-join-token',
    title: 'a cluster join token',
    name: /^token$|join token|bootstrap token/,
    value: /^[a-z0-9]{6}\.[a-z0-9]{16}$/,
    score: 0.9,
    yes: [`kubeadm join 10.0.0.1:6443 --token=${lower(6)}.${lower(16)}`],
    no: ['token=abc.def'],
  },
];

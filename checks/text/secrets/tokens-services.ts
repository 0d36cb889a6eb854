import { type TokenRule, token } from './rule.ts';
import { alnum, base64, digits, hex, lower, upper, url64, uuid } from './sample-parts.ts';

/** Code hosts, package registries, chat, mail, payments and other services. */
export const SERVICE_TOKENS: readonly TokenRule[] = [
  token(['github-token', 'a GitHub token'], ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], '[A-Za-z0-9]{36,251}', {
    yes: [`ghp_${alnum(36)}`, `ghs_${alnum(36, 2)}`],
    no: [`ghp_${alnum(12)}`, `ghp_${'x'.repeat(36)}`],
  }),
  token(
    ['github-fine-grained-token', 'a fine-grained GitHub token'],
    ['github_pat_'],
    '[A-Za-z0-9]{22}_[A-Za-z0-9]{59}',
    {
      yes: [`github_pat_${alnum(22)}_${alnum(59)}`],
      no: ['github_pat_your_token'],
    },
  ),
  token(
    ['gitlab-token', 'a GitLab token'],
    ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glcbt-', 'glagent-', 'gloas-', 'glsoat-', 'glft-', 'glimt-'],
    '[A-Za-z0-9_.=-]{20,300}',
    {
      yes: [`glpat-${url64(20)}`, `glrt-${url64(20, 2)}`],
      no: ['glpat-token', `glpat-${'X'.repeat(20)}`],
    },
  ),
  token(
    ['bitbucket-token', 'an Atlassian token'],
    ['ATATT3', 'ATCTT3', 'ATBB', 'ATSTT3'],
    '[A-Za-z0-9_=-]{28,400}',
    {
      yes: [`ATATT3${url64(186)}`, `ATBB${alnum(32)}`],
      no: ['ATATT3abc'],
    },
  ),
  token(['npm-token', 'an npm access token'], ['npm_'], '[A-Za-z0-9]{36}', {
    yes: [`npm_${alnum(36)}`],
    no: ['npm_config_registry', `npm_${alnum(10)}`],
  }),
  token(['pypi-token', 'a PyPI upload token'], ['pypi-AgEI', 'pypi-AgEN'], '[A-Za-z0-9_-]{50,1000}', {
    yes: [`pypi-AgEIcHlwaS5vcmc${url64(120)}`],
    no: ['pypi-AgEIcHlwaS5vcmc', 'pypi-package'],
  }),
  token(['rubygems-key', 'a RubyGems API key'], ['rubygems_'], '[a-f0-9]{48}', {
    yes: [`rubygems_${hex(48)}`],
    no: ['rubygems_mirror'],
  }),
  token(['crates-token', 'a crates.io token'], ['cio'], '[A-Za-z0-9]{32}', {
    yes: [`cio${alnum(32)}`],
    no: [`cio${alnum(12)}`],
    score: 0.85,
  }),
  token(['nuget-key', 'a NuGet API key'], ['oy2'], '[a-z0-9]{43}', {
    yes: [`oy2${lower(43)}`],
    no: [`oy2${lower(11)}`],
    score: 0.9,
  }),
  token(['docker-token', 'a Docker Hub token'], ['dckr_pat_', 'dckr_oat_'], '[A-Za-z0-9_-]{27,40}', {
    yes: [`dckr_pat_${url64(27)}`],
    no: ['dckr_pat_token'],
  }),
  token(['jfrog-token', 'an Artifactory token'], ['AKCp'], '[A-Za-z0-9]{69}', {
    yes: [`AKCp${alnum(69)}`],
    no: [`AKCp${alnum(12)}`],
  }),
  token(
    ['slack-token', 'a Slack token'],
    [
      'xoxb-',
      'xoxp-',
      'xoxa-',
      'xoxo-',
      'xoxs-',
      'xoxr-',
      'xoxe-',
      'xoxc-',
      'xoxd-',
      'xoxe.xoxp-',
      'xoxe.xoxb-',
    ],
    '[A-Za-z0-9%/+-]{20,400}',
    {
      yes: [`xoxb-${digits(12)}-${digits(12, 2)}-${alnum(24)}`],
      no: ['xoxb-your-token', `xoxp-${'0'.repeat(30)}`],
    },
  ),
  token(
    ['slack-app-token', 'a Slack app token'],
    ['xapp-'],
    '[0-9]-[A-Z0-9]{8,14}-[0-9]{10,14}-[a-z0-9]{48,72}',
    {
      yes: [`xapp-1-${upper(11)}-${digits(13)}-${hex(64)}`],
      no: ['xapp-1-A'],
    },
  ),
  token(
    ['slack-webhook', 'a Slack webhook address'],
    ['hooks.slack.com/'],
    '(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,90}',
    {
      yes: [`https://hooks.slack.com/services/T${upper(9)}/B${upper(9)}/${alnum(24)}`],
      no: ['https://hooks.slack.com/services/T000/B000/xxx'],
    },
  ),
  token(
    ['teams-webhook', 'a Microsoft Teams webhook address'],
    ['webhook.office.com/'],
    'webhookb2/[a-f0-9-]{36}@[a-f0-9-]{36}/IncomingWebhook/[a-f0-9]{32}/[a-f0-9-]{36}',
    {
      yes: [
        `https://acme.webhook.office.com/webhookb2/${uuid()}@${uuid(2)}/IncomingWebhook/${hex(32)}/${uuid(3)}`,
      ],
      no: ['https://acme.webhook.office.com/webhookb2/'],
    },
  ),
  token(
    ['discord-webhook', 'a Discord webhook address'],
    ['discord.com/', 'discordapp.com/'],
    'api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,80}',
    {
      yes: [`https://discord.com/api/webhooks/${digits(18)}/${url64(68)}`],
      no: ['https://discord.com/api/webhooks/123/abc'],
    },
  ),
  token(
    ['stripe-key', 'a Stripe key'],
    ['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_', 'sk_org_'],
    '[A-Za-z0-9]{20,247}',
    {
      yes: [`sk_live_${alnum(24)}`, `rk_live_${alnum(99)}`],
      no: ['sk_live_...', 'sk_test_key'],
    },
  ),
  token(['stripe-webhook-secret', 'a webhook signing secret'], ['whsec_'], '[A-Za-z0-9+/=]{24,64}', {
    yes: [`whsec_${alnum(32)}`],
    no: ['whsec_secret'],
  }),
  token(['square-token', 'a Square token'], ['EAAA', 'sq0atp-', 'sq0csp-'], '[A-Za-z0-9_-]{22,60}', {
    yes: [`EAAA${url64(60)}`, `sq0atp-${url64(22)}`],
    no: ['sq0atp-none'],
    score: 0.93,
  }),
  token(
    ['shopify-token', 'a Shopify token'],
    ['shpat_', 'shpca_', 'shppa_', 'shpss_', 'shptka_'],
    '[a-fA-F0-9]{32}',
    {
      yes: [`shpat_${hex(32)}`],
      no: ['shpat_access'],
    },
  ),
  token(
    ['paypal-braintree-token', 'a Braintree access token'],
    ['access_token$'],
    '(?:production|sandbox)\\$[a-z0-9]{16}\\$[a-f0-9]{32}',
    {
      yes: [`access_token$production$${lower(16)}$${hex(32)}`],
      no: ['access_token$production'],
    },
  ),
  token(
    ['adyen-key', 'an Adyen API key'],
    ['AQE'],
    '[a-z][A-Za-z0-9+/=]{70,200}-[A-Za-z0-9+/=]{40,60}-[A-Za-z0-9<>{}()!@#$%^&*_+=?/~]{12,30}',
    {
      yes: [`AQEy${base64(90)}-${alnum(43)}=-${alnum(16)}`],
      no: [`AQEy${base64(90)}`],
    },
  ),
  token(['razorpay-key', 'a Razorpay key'], ['rzp_live_', 'rzp_test_'], '[A-Za-z0-9]{14,24}', {
    yes: [`rzp_live_${alnum(14)}`],
    no: ['rzp_live_id'],
  }),
  token(
    ['plaid-token', 'a Plaid access token'],
    ['access-production-', 'access-sandbox-', 'access-development-'],
    '[a-f0-9-]{36}',
    {
      yes: [`access-production-${uuid()}`],
      no: ['access-production-servers'],
    },
  ),
  token(['sendgrid-key', 'a SendGrid key'], ['SG.'], '[A-Za-z0-9_-]{20,24}\\.[A-Za-z0-9_-]{39,50}', {
    yes: [`SG.${url64(22)}.${url64(43)}`],
    no: ['SG.something.else'],
  }),
  token(['mailgun-key', 'a Mailgun key'], ['key-'], '(?:[a-f0-9]{32})', {
    yes: [`key-${hex(32)}`],
    no: [`key-${hex(10)}`, 'key-value'],
    score: 0.9,
  }),
  token(['brevo-key', 'a Brevo key'], ['xkeysib-', 'xsmtpsib-'], '[a-f0-9]{64}-[A-Za-z0-9]{16}', {
    yes: [`xkeysib-${hex(64)}-${alnum(16)}`],
    no: [`xkeysib-${hex(12)}`],
  }),
  token(['postman-key', 'a Postman key'], ['PMAK-'], '[a-f0-9]{24}-[a-f0-9]{34}', {
    yes: [`PMAK-${hex(24)}-${hex(34)}`],
    no: ['PMAK-key'],
  }),
  token(['figma-token', 'a Figma token'], ['figd_', 'figo_'], '[A-Za-z0-9_-]{40,60}', {
    yes: [`figd_${url64(43)}`],
    no: ['figd_file'],
  }),
  token(['notion-token', 'a Notion token'], ['ntn_', 'secret_'], '(?:[A-Za-z0-9]{43,48})', {
    yes: [`ntn_${alnum(46)}`, `secret_${alnum(43)}`],
    no: ['ntn_page', 'secret_manager_rotation'],
  }),
  token(['linear-key', 'a Linear key'], ['lin_api_', 'lin_oauth_'], '[A-Za-z0-9]{40,64}', {
    yes: [`lin_api_${alnum(40)}`],
    no: ['lin_api_key'],
  }),
  token(['airtable-token', 'an Airtable token'], ['pat'], '[A-Za-z0-9]{14}\\.[a-f0-9]{64}', {
    yes: [`pat${alnum(14)}.${hex(64)}`],
    no: [`pat${alnum(14)}`],
  }),
  token(['contentful-token', 'a Contentful token'], ['CFPAT-'], '[A-Za-z0-9_-]{43}', {
    yes: [`CFPAT-${url64(43)}`],
    no: ['CFPAT-none'],
  }),
  token(['hubspot-token', 'a HubSpot token'], ['pat-na1-', 'pat-eu1-', 'pat-na2-'], '[a-f0-9-]{36}', {
    yes: [`pat-na1-${uuid()}`],
    no: ['pat-na1-token'],
  }),
  token(['dropbox-token', 'a Dropbox token'], ['sl.'], '[A-Za-z0-9_-]{120,1500}', {
    yes: [`sl.${url64(135)}`],
    no: ['sl.finland'],
  }),
  token(['facebook-token', 'a Facebook access token'], ['EAA'], '[A-Za-z][A-Za-z0-9]{90,400}', {
    yes: [`EAAB${alnum(140)}`],
    no: ['EAABsbCS'],
    score: 0.9,
  }),
  token(['twitter-bearer', 'a Twitter/X bearer token'], ['AAAAAAAAAAAAAAAAAAAA'], '[A-Za-z0-9%]{60,120}', {
    yes: [`AAAAAAAAAAAAAAAAAAAA${alnum(80)}`],
    no: ['AAAAAAAAAAAAAAAAAAAA'],
  }),
  token(
    ['launchdarkly-key', 'a LaunchDarkly key'],
    ['sdk-', 'api-', 'mob-'],
    '[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}',
    {
      yes: [`sdk-${uuid()}`],
      no: ['api-gateway-service-2', 'sdk-core'],
      score: 0.85,
    },
  ),
  token(
    ['mapbox-secret', 'a Mapbox secret token'],
    ['sk.eyJ'],
    '[A-Za-z0-9_-]{40,300}\\.[A-Za-z0-9_-]{20,40}',
    {
      yes: [`sk.eyJ1${alnum(80)}.${alnum(22)}`],
      no: ['sk.eyJ1'],
    },
  ),
  token(['intra42-secret', 'a 42 Intra secret'], ['s-s4t2ud-', 's-s4t2af-'], '[a-f0-9]{64}', {
    yes: [`s-s4t2ud-${hex(64)}`],
    no: [`s-s4t2ud-${hex(4)}`],
  }),
  token(['readme-key', 'a ReadMe key'], ['rdme_'], '[a-z0-9]{70}', {
    yes: [`rdme_${lower(70)}`],
    no: ['rdme_docs'],
  }),
  token(['shippo-token', 'a Shippo token'], ['shippo_live_', 'shippo_test_'], '[a-f0-9]{40}', {
    yes: [`shippo_live_${hex(40)}`],
    no: ['shippo_live_key'],
  }),
  token(['easypost-key', 'an EasyPost key'], ['EZAK', 'EZTK'], '[A-Za-z0-9]{54}', {
    yes: [`EZAK${alnum(54)}`],
    no: [`EZAK${alnum(10)}`],
  }),
  token(['duffel-token', 'a Duffel token'], ['duffel_live_', 'duffel_test_'], '[A-Za-z0-9_=-]{43}', {
    yes: [`duffel_live_${url64(43)}`],
    no: ['duffel_live_x'],
  }),
  token(['frameio-token', 'a Frame.io token'], ['fio-u-'], '[A-Za-z0-9_=-]{64}', {
    yes: [`fio-u-${url64(64)}`],
    no: ['fio-u-1'],
  }),
  token(['typeform-token', 'a Typeform token'], ['tfp_'], '[A-Za-z0-9_-]{40,60}', {
    yes: [`tfp_${url64(44)}`],
    no: ['tfp_form'],
  }),
  token(
    ['onepassword-token', 'a 1Password service account token'],
    ['ops_eyJ'],
    '[A-Za-z0-9+/_-]{200,2000}={0,3}',
    {
      yes: [`ops_eyJ${alnum(320)}`],
      no: [`ops_eyJ${alnum(20)}`],
    },
  ),
  token(['vercel-token', 'a Vercel token'], ['vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'], '[A-Za-z0-9]{24,64}', {
    yes: [`vcp_${alnum(56)}`],
    no: ['vcp_project'],
  }),
];

import { readdirSync, readFileSync } from 'node:fs';
import { ALL_ROUTES } from '@bartizan/contracts';
import { expect, test } from 'vitest';

/** What of a route is in the audit log: the actions, or why there is nothing to record. */
type Covered = readonly string[] | { readonly nothing: string };
const nothing = (why: string): Covered => ({ nothing: why });
const challenge = nothing('hands out a challenge; what is done with it is recorded');

const search = nothing('asks, and keeps nothing');
/** What is logged while a run goes on would drown the log: the run is recorded as begun, and it keeps what was logged. */
const logged = nothing('the run or model that it belongs to is recorded as begun, and keeps what is logged');
const absent = nothing('says that this is not offered');
const EMPTY_ROUTES = ['tracking', 'artifacts', 'tracking3', 'pages', 'traces'].flatMap((name) =>
  ['post', 'put', 'patch', 'delete'].map((method) => [`mlflow.absent.${name}.${method}`, absent] as const),
);

const COVERED: Readonly<Record<string, Covered>> = {
  'auth.setup': ['people.set-up'],
  'auth.login': ['people.signed-in', 'people.sign-in-refused'],
  'auth.logout': ['people.signed-out'],
  'auth.changePassword': ['people.password-changed'],
  'auth.revokeSession': ['people.session-ended'],
  'auth.acceptInvite': ['people.joined'],
  'auth.secondFactor': ['people.signed-in', 'people.second-factor-refused'],
  'auth.secondFactor.passkeyOptions': challenge,
  'auth.passkey.options': challenge,
  'auth.passkey': ['people.signed-in', 'people.second-factor-refused'],
  'auth.reset': ['people.password-reset'],
  'auth.stepUp': ['people.confirmed'],
  'auth.stepUp.passkeyOptions': challenge,
  'auth.endSessions': ['people.sessions-ended'],
  'people.add': ['people.invited'],
  'people.update': ['people.changed'],
  'people.resetFactors': ['factors.reset'],
  'people.resetLink': ['people.reset-link-made'],
  'people.endSession': ['people.session-ended'],
  'people.endSessions': ['people.sessions-ended'],
  'people.addBreakGlass': ['identity.break-glass-added'],
  'people.rotateBreakGlass': ['identity.break-glass-rotated'],
  'alarms.acknowledge': ['identity.alarm-acknowledged'],
  'factors.totp.begin': ['factors.totp-begun'],
  'factors.totp.confirm': ['factors.totp-added'],
  'factors.totp.remove': ['factors.totp-removed'],
  'factors.recoveryCodes': ['factors.recovery-codes-renewed'],
  'factors.passkeys.options': challenge,
  'factors.passkeys.add': ['factors.passkey-added'],
  'factors.passkeys.rename': ['factors.passkey-renamed'],
  'factors.passkeys.remove': ['factors.passkey-removed'],
  'signIn.changeSettings': ['sign-in.settings-changed'],
  'keys.create': ['keys.created'],
  'keys.revoke': ['keys.revoked'],
  'keys.rotate': ['keys.rotated'],
  'keys.update': ['keys.changed'],
  'keys.updateSettings': ['keys.settings-changed'],
  'service-accounts.add': ['service-accounts.created'],
  'service-accounts.update': ['service-accounts.changed'],
  'service-accounts.remove': ['service-accounts.removed'],
  'sso.add': ['sso.provider-added'],
  'sso.update': ['sso.provider-changed'],
  'sso.remove': ['sso.provider-removed'],
  'sso.test': nothing('reads public documents of an address that is given, and keeps nothing'),
  'sso.settings': ['sso.settings-changed'],
  'scim.updateSettings': ['scim.settings-changed'],
  'scim.mapGroup': ['scim.group-mapped'],
  'scim.addToken': ['scim.token-created'],
  'scim.revokeToken': ['scim.token-revoked'],
  'scim-v2.addUser': ['scim.user-created'],
  'scim-v2.replaceUser': ['scim.user-changed'],
  'scim-v2.patchUser': ['scim.user-changed'],
  'scim-v2.removeUser': ['scim.user-removed'],
  'scim-v2.addGroup': ['scim.group-created'],
  'scim-v2.replaceGroup': ['scim.group-changed'],
  'scim-v2.patchGroup': ['scim.group-changed'],
  'scim-v2.removeGroup': ['scim.group-removed'],
  'teams.create': ['teams.created'],
  'teams.update': ['teams.changed'],
  'teams.remove': ['teams.removed'],
  'teams.addMember': ['teams.joined'],
  'teams.removeMember': ['teams.left'],
  'endpoints.create': ['endpoints.created'],
  'endpoints.update': ['endpoints.updated'],
  'endpoints.remove': ['endpoints.removed'],
  'endpoints.testUpstream': ['endpoints.upstream_tested'],
  'systems.create': ['systems.created'],
  'systems.update': ['systems.updated', 'systems.retired', 'systems.restored'],
  'systems.retire': ['systems.retired'],
  'systems.review': ['systems.reviewed'],
  'systems.assess': ['systems.assessed'],
  'systems.override': ['systems.overridden'],
  'systems.import': ['systems.imported', 'systems.created', 'systems.updated'],
  'systems.tryAssessment': nothing(
    'works out a result from answers that the caller brings, and keeps nothing',
  ),
  'models.setCard': ['models.card-changed'],
  'boms.validate': nothing('looks at a document that is given, and keeps nothing'),
  'models.create': ['models.registered'],
  'models.update': ['models.changed'],
  'models.tag': ['models.tagged'],
  'models.remove': ['models.removed'],
  'models.setAlias': ['models.alias-set'],
  'models.removeAlias': ['models.alias-removed'],
  'models.updateVersion': ['models.version-changed'],
  'models.tagVersion': ['models.version-tagged'],
  'models.stage': ['models.stage-changed'],
  'models.removeVersion': ['models.version-removed'],
  'endpoints.setModels': ['endpoints.models-changed'],
  'policies.create': ['policies.created'],
  'policies.addVersion': ['policies.version_added'],
  'policies.activate': ['policies.activated'],
  'policies.remove': ['policies.removed'],
  'policies.dryRun': ['policies.dry_run'],
  'policies.try': nothing('judges a text that the caller brings, and keeps nothing'),
  'reviews.propose': ['reviews.proposed'],
  'reviews.approve': ['reviews.approved'],
  'reviews.reject': ['reviews.rejected'],
  'reviews.withdraw': ['reviews.withdrawn'],
  'reviews.changeSettings': ['reviews.four-eyes-demanded', 'reviews.four-eyes-relaxed'],
  'sinks.create': ['sinks.created'],
  'sinks.update': ['sinks.updated'],
  'sinks.remove': ['sinks.removed'],
  'sinks.pause': ['sinks.paused'],
  'sinks.resume': ['sinks.resumed'],
  'sinks.test': ['sinks.tested'],
  'sinks.tryOut': ['sinks.tested'],
  'sinks.retryDeadLetters': ['sinks.dead_letters_retried'],
  'sinks.discardDeadLetters': ['sinks.dead_letters_discarded'],
  'experiments.delete': ['experiments.deleted'],
  'experiments.restore': ['experiments.restored'],
  'runs.delete': ['runs.deleted'],
  'runs.restore': ['runs.restored'],
  'mlflow.experiments.create': ['experiments.created'],
  'mlflow.experiments.search': search,
  'mlflow.experiments.update': ['experiments.renamed'],
  'mlflow.experiments.delete': ['experiments.deleted'],
  'mlflow.experiments.restore': ['experiments.restored'],
  'mlflow.experiments.setTag': logged,
  'mlflow.experiments.deleteTag': logged,
  'mlflow.experiments.searchDatasets': search,
  'mlflow.runs.create': ['runs.created'],
  'mlflow.runs.update': logged,
  'mlflow.runs.delete': ['runs.deleted'],
  'mlflow.runs.restore': ['runs.restored'],
  'mlflow.runs.search': search,
  'mlflow.runs.logMetric': logged,
  'mlflow.runs.logParameter': logged,
  'mlflow.runs.setTag': logged,
  'mlflow.runs.deleteTag': logged,
  'mlflow.runs.logBatch': logged,
  'mlflow.runs.logModel': logged,
  'mlflow.runs.logInputs': logged,
  'mlflow.runs.outputs': logged,
  'mlflow.loggedModels.create': ['logged-models.created'],
  'mlflow.loggedModels.search': search,
  'mlflow.loggedModels.finalize': logged,
  'mlflow.loggedModels.delete': ['logged-models.deleted'],
  'mlflow.loggedModels.setTags': logged,
  'mlflow.loggedModels.deleteTag': logged,
  'mlflow.loggedModels.logParams': logged,
  'mlflow.models.create': ['models.registered'],
  'mlflow.models.rename': ['models.changed'],
  'mlflow.models.update': ['models.changed'],
  'mlflow.models.delete': ['models.removed'],
  'mlflow.models.latestVersions': search,
  'mlflow.models.setTag': ['models.tagged'],
  'mlflow.models.deleteTag': ['models.tagged'],
  'mlflow.models.setAlias': ['models.alias-set'],
  'mlflow.models.deleteAlias': ['models.alias-removed'],
  'mlflow.versions.create': ['models.version-added'],
  'mlflow.versions.update': ['models.version-changed'],
  'mlflow.versions.transitionStage': ['models.stage-changed'],
  'mlflow.versions.delete': ['models.version-removed'],
  'mlflow.versions.setTag': ['models.version-tagged'],
  'mlflow.versions.deleteTag': ['models.version-tagged'],
  'mlflow.artifacts.put': logged,
  'mlflow.artifacts.delete': ['artifacts.deleted'],
  'mlflow.artifacts.multipart': absent,
  ...Object.fromEntries(EMPTY_ROUTES),
  'scans.changeSettings': ['scans.settings-changed'],
  'scans.rescan': ['scans.requested'],
  'scans.accept': ['scans.finding-accepted', 'scans.released'],
  'scans.withdraw': ['scans.acceptance-withdrawn', 'scans.quarantined'],
  'gateway.ship': ['interactions.recorded'],
  'audit.rotate-key': ['audit.key-rotated'],
  'audit.add-witness': ['audit.witness-added'],
  'audit.remove-witness': ['audit.witness-removed'],
  'audit.cosign': nothing(
    'proves itself by its signature and is shown with the checkpoint; an entry would need another cosignature',
  ),
  'audit.acknowledge': ['audit.break-acknowledged'],
  'uploads.create': ['uploads.begun'],
  'uploads.sendFile': nothing('the upload is recorded as begun and finished, with its files and bytes'),
  'uploads.finish': ['uploads.finished'],
  'uploads.discard': ['uploads.discarded'],
  'audit.verify': ['audit.verification-started'],
  'audit.export': ['audit.exported'],
  'signing.addSignature': ['signatures.added'],
  'signing.addAttestation': ['attestations.added'],
  'signing.removeBundle': ['signatures.removed'],
  'signing.addSigner': ['signers.trusted'],
  'signing.revokeSigner': ['signers.revoked'],
  'signing.addPolicy': ['signing-policies.created'],
  'signing.updatePolicy': ['signing-policies.changed'],
  'signing.removePolicy': ['signing-policies.removed'],
  'interactions.content': ['interactions.content_read'],
  'interactions.raw': ['interactions.raw_read'],
  'interactions.export': ['interactions.exported', 'interactions.export_ended'],
};

const root = new URL('.', import.meta.url).pathname;
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|testing\.ts$|node_modules|samples\.ts$/.test(path))
  .map((path) => readFileSync(root + path, 'utf8'))
  .join('\n');

const mustRecord = ALL_ROUTES.filter(
  ({ method, purpose, id }) => method !== 'GET' || purpose === true || id === 'audit.export',
);

test('every route that changes something, or reads what is protected, says what it records or why nothing', () => {
  const undeclared = mustRecord.map(({ id }) => id).filter((id) => !(id in COVERED));
  expect(undeclared).toEqual([]);
  const served = new Set(ALL_ROUTES.map(({ id }) => id));
  expect(Object.keys(COVERED).filter((id) => !served.has(id))).toEqual([]);
});

test('each action that is declared is one that the code records', () => {
  const actions = new Set(Object.values(COVERED).flatMap((covered) => ('nothing' in covered ? [] : covered)));
  const unknown = [...actions].filter((action) => {
    const [domain, what] = action.split('.');
    const whole = sources.includes(`'${action}'`);
    const composed = sources.includes(`\`${domain}.\${`) && sources.includes(`'${what}'`);
    return !whole && !composed;
  });
  expect(unknown).toEqual([]);
});

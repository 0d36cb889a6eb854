/** Settings of the environment of `bartizan up` that it passes on to its roles; all others stay with it. */
const FOR = Object.freeze({
  server:
    /^BARTIZAN_(?:BACKGROUND|MAX_UPLOAD_GIB|OBJECTS_(?:URL|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SECRET_ACCESS_KEY_FILE))$/,
  gateway:
    /^BARTIZAN_(METRICS_(HOST|PORT|TOKEN|TOKEN_FILE)|REDIS_(URL|URL_FILE|TIMEOUT_MS)|LIMITS_WITHOUT_REDIS|GATEWAYS)$/,
  both: /^(?:OTEL_|BARTIZAN_INJECTION_MODEL$)/,
});

/** The part of `env` that the role goes by too, unchanged; a role checks its settings itself. */
export const passedOn = (to: keyof typeof FOR, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => FOR[to].test(name)));

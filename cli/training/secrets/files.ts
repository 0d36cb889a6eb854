import { isSecretName } from './names.ts';

const CODE =
  /\.(?:[cm]?[jt]sx?|py|pyi|ipynb|go|rs|java|kt|scala|rb|php|c|cc|cpp|h|hpp|cs|swift|jl|r|sql|md|mdx|rst|html|css|vue|svelte)$/;
/** Of a copy, what was added to its name. */
const COPY = /(?:~|[._-](?:bak|backup|old|orig|save|swp|tmp|copy|dist|gpg|asc|\d{1,3}))+$/;
const SETTINGS = String.raw`(?:json|jsonc|ya?ml|toml|ini|txt|csv|tsv|xml|properties|conf|cfg|config|db|sqlite|plist|env|php|sh|sops)`;
/** Files that hold nothing but settings and keys, in small letters. */
const NAMES: readonly RegExp[] = [
  /^.*\.env(?:rc)?(?:[._-].*)?$/,
  /^env\.(?:local|prod|production|dev|development|staging|test)$/,
  /^(?:.+[._-])?kube_?config(?:[._-].*)?$/,
  /^[._](?:git-credentials|netrc|npmrc|yarnrc(?:\.yml)?|pypirc|pgpass|htpasswd|my\.cnf|mylogin\.cnf|boto|s3cfg|dockercfg|rediscli_auth|authinfo|msmtprc|fetchmailrc|curlrc|wgetrc|databrickscfg|odbc\.ini|vault-token|vault_pass|secrets?|tokens?|passwords?|passwd|credentials|snowsql|lftprc|terraformrc|gemrc|condarc|(?:bash|zsh|sh|python|psql|mysql|node_repl)_history)$/,
  /^(?:htpasswd|my\.cnf|pgpass\.conf|pip\.conf|rclone\.conf|wp-config\.php|kaggle\.json|shadow|terraform\.rc|application_default_credentials\.json)$/,
  new RegExp(`^(?:.*[._-])?(?:credentials?|creds|secrets?)(?:[._-].*)?(?:\\.${SETTINGS})?$`),
  new RegExp(
    `^(?:.*[._-])?(?:passwords?|passwd|api[._-]?keys?|apikeys?|private[._-]?keys?|vault[._-]?pass(?:word)?)(?:\\.${SETTINGS})?$`,
  ),
  /^client[._-]?secrets?.*\.json$/,
  /^service[._-]?account.*\.json$/,
  /^(?:.*[._-])?id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:[._-](?!pub$).*)?$/,
  /^.*[._-](?:rsa|ed25519|ecdsa)$/,
  /^.*\.(?:pem|key|p12|pfx|p8|pkcs12|jks|jceks|bks|keystore|kdbx?|ppk|keytab|agekey|ovpn|gpg|pgp|tfvars(?:\.json)?|tfstate(?:\..*)?|password|passwd|token|secrets?)$/,
];
/** Folders of programs that keep their keys there. */
const FOLDER =
  /(?:^|\/)(?:\.ssh|\.gnupg|\.aws|\.azure|\.kube|\.docker|\.gcloud|\.config\/(?:gcloud|gh|hub|rclone|op)|\.cargo\/credentials|\.gem\/credentials|\.huggingface|\.kaggle|\.password-store|secrets?)\//;

/** Whether this file holds settings and keys and little else, by its path: `.env`, `prod.env.local`, `.aws/config`. */
export function isSecretFile(path: string): boolean {
  const small = path.normalize('NFKC').toLowerCase().trim().replaceAll('\\', '/');
  const name = small.slice(small.lastIndexOf('/') + 1);
  const bare = name.replace(COPY, '');
  if (bare.endsWith('.pub') || (CODE.test(bare) && bare !== 'wp-config.php')) return false;
  if (FOLDER.test(small)) return true;
  return [name, bare, bare.replaceAll(/[\s()]+/g, '-')].some(
    (each) =>
      NAMES.some((pattern) => pattern.test(each)) ||
      isSecretName(each.replace(new RegExp(`\\.${SETTINGS}$`), '')),
  );
}

/** Scripts of shells, by their path. */
export const isShellFile = (path: string): boolean =>
  /\.(?:sh|bash|zsh|fish|ps1|bat|cmd)$|(?:^|\/)(?:dockerfile|makefile|justfile|procfile)$/i.test(path.trim());

/** Whether `name: value` stands for a value in this file, and not for a type. */
export const isSettingsFile = (path: string): boolean =>
  /\.(?:ya?ml|json[5cl]?|toml|ini|cfg|conf|config|properties|xml|plist|txt)$|(?:^|\/)[^/.]+$/i.test(
    path.trim(),
  );

import {
  type GroupMapping,
  type Role,
  type SsoProvider,
  SsoProviderFields,
  type SsoProviderInput,
} from '@bartizan/contracts';

/** A provider as the form holds it. */
export interface ProviderValues
  extends Omit<SsoProvider, 'id' | 'hasClientSecret' | 'redirectUri' | 'people' | 'createdAt' | 'updatedAt'> {
  /** Empty keeps the stored one. */
  clientSecret: string;
  groups: GroupMapping[];
  defaultRoles: Role[];
}

const FRESH: ProviderValues = {
  label: '',
  enabled: true,
  issuer: '',
  clientId: '',
  clientSecret: '',
  scopes: ['openid', 'email', 'profile'],
  claims: { email: 'email', emailVerified: 'email_verified', name: 'name', groups: 'groups' },
  userInfo: false,
  allowPrivateNetwork: false,
  createPeople: false,
  emailDomains: [],
  vouchesForEmail: false,
  defaultRoles: ['viewer'],
  linkByEmail: false,
  groups: [],
  groupsRequired: false,
  trustedForMfa: false,
  mfaAmr: ['mfa'],
  mfaAcr: [],
};

/** The form's values for a provider, or for a new one. */
export function fromProvider(provider: SsoProvider | null): ProviderValues {
  if (provider === null) return FRESH;
  return { ...SsoProviderFields.parse(provider), clientSecret: '' };
}

/** What is sent: an empty secret is left out, so that the stored one stays. */
export function toProviderInput({ clientSecret, ...fields }: ProviderValues): SsoProviderInput {
  return clientSecret === '' ? fields : { ...fields, clientSecret };
}

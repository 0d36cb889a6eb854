import type { Principal } from '../../platform/http/types.ts';

/** Whose word it is: a person has one, through whichever key of theirs they say it. */
export const speakerOf = ({
  id,
  name,
  ownerId,
  serviceAccountId,
}: Principal): { readonly id: string; readonly name: string } => ({
  id: serviceAccountId ?? ownerId ?? id,
  name,
});

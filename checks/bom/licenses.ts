import { SPDX } from '@cyclonedx/cyclonedx-library';

/** The SPDX identifier that a name of a licence stands for, however it is cased; null where it is none. */
export const spdxId = (name: string): string | null => SPDX.fixupSpdxId(name) ?? null;

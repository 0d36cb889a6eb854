import type { Correction, CorrectionContent } from '@bartizan/contracts';
import { SYSTEM } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { within } from '../../within.ts';
import { speakerOf } from '../actor.ts';
import { afterOf, positionOf } from '../paging.ts';
import type { DetectorDeps } from '../ports.ts';
import { keyDayOf, type Sealing } from '../sealing.ts';
import type { DemandAll } from '../whole.ts';
import { type CorrectionRecord, demandSpan, type Given, noSuchCorrection } from './model.ts';
import { createCorrectionStore, type SealedText } from './store.ts';
import { createSubjects } from './subject.ts';

export interface CorrectionDeps extends DetectorDeps {
  readonly sealing: Sealing;
  readonly demandAll: DemandAll;
  /** Name of the model that was live at an instant. */
  readonly liveAt: (ms: number) => Promise<string>;
}

export interface CorrectionQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly interaction?: string | undefined;
  readonly label?: string | undefined;
  readonly state?: string | undefined;
  readonly mine?: boolean | undefined;
}

const CONTENT = 'interactions.content';

/** Binds a sealed text to what it is of and who said something of it. */
export const contextOf = ({ subject, byId }: Pick<SealedText, 'subject' | 'byId'>): string =>
  `detector-correction:${subject}:${byId}`;

/** Whoever may not read content may not say what it is either: that would be a way round. */
function demandContent({ permissions }: Principal): void {
  if (permissions.has(CONTENT)) return;
  throw new AppError('forbidden', `you may not correct what you may not read: it needs "${CONTENT}" too`, {
    hint: 'An administrator can give you a role, or a key a scope, that includes it.',
  });
}

export function createCorrectionService(deps: CorrectionDeps) {
  const { database, audit, clock, ports, sealing, demandAll } = deps;
  const store = createCorrectionStore(database);
  const subjectOf = createSubjects({ ports, liveAt: deps.liveAt, now: clock.now });

  const filterFor = async (caller: Principal) => ({
    sight: await ports.sightOf(caller),
    speaker: speakerOf(caller).id,
    nowMs: clock.now(),
  });

  const shown = ({ textTag: _tag, ...record }: CorrectionRecord, caller: Principal): Correction => ({
    ...record,
    mine: record.by.id === speakerOf(caller).id,
  });

  async function find(caller: Principal, id: string): Promise<CorrectionRecord> {
    const found = await store.find({ ...(await filterFor(caller)), id });
    if (!found) throw noSuchCorrection();
    return found;
  }

  return Object.freeze({
    async list(caller: Principal, query: CorrectionQuery) {
      const { cursor, limit, ...filter } = query;
      const rows = await store.select(
        { ...(await filterFor(caller)), ...filter },
        afterOf(cursor),
        limit + 1,
      );
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map((row) => shown(row, caller)),
        next: rows.length > limit && last ? positionOf(last) : null,
      };
    },

    /** The reason is in the audit log before anything is shown. */
    async content(caller: Principal, id: string, purpose: string): Promise<CorrectionContent> {
      const { interactionId, span } = await find(caller, id);
      const sealed = await store.sealed(id);
      if (!sealed) throw noSuchCorrection();
      await audit.record({
        actor: caller,
        action: 'detector.correction_read',
        subject: `correction:${id}`,
        detail: { purpose, interaction: interactionId },
      });
      const text = await sealing.open(sealed.keyDay, sealed.sealed, contextOf(sealed));
      if (text !== null) return { text, span };
      throw new AppError('gone', 'the text of this correction cannot be opened any more', {
        hint: 'It was sealed with another master key. Start Bartizan with the key that was in use then.',
      });
    },

    /**
     * Says what a text really is. Throws `not_found` for an interaction out of sight, `conflict` where no text is kept
     * and none was brought.
     */
    async correct(caller: Principal, given: Given): Promise<Correction> {
      demandContent(caller);
      const filter = await filterFor(caller);
      const about = await subjectOf(given, filter.sight, sealing.tagOf);
      demandSpan(given.span, about.text);
      const by = speakerOf(caller);
      const keyDay = keyDayOf(about.expiresAt);
      const sealed = await sealing.seal(
        keyDay,
        about.text,
        contextOf({ subject: about.subject, byId: by.id }),
      );
      const one = {
        ...about,
        of: given.of,
        interactionId: about.interaction?.id ?? null,
        endpointId: about.interaction?.endpointId ?? null,
        segment: about.interaction?.segment ?? null,
        label: given.label,
        kind: given.kind,
        note: given.note.replaceAll('\0', '').toWellFormed(),
        lang: given.lang ?? null,
        chars: about.text.length,
        span: given.span ?? null,
        by,
        at: clock.now(),
        keyDay,
        sealed,
      };
      const id = await within(database, async (tx) => {
        const put = await store.put(uuidv7(one.at), one, tx);
        const detail = {
          of: one.of,
          interaction: one.interactionId,
          segment: one.segment,
          origin: one.origin,
          label: one.label,
          kind: one.kind,
          before: put.before,
          model: one.judged.model,
        };
        await audit.record(
          { actor: caller, action: 'detector.corrected', subject: `correction:${put.id}`, detail },
          tx,
        );
        return put.id;
      });
      return shown(await find(caller, id), caller);
    },

    /** One's own, or with `detector.manage` anybody's that is in sight. */
    async withdraw(caller: Principal, id: string): Promise<void> {
      const found = await find(caller, id);
      const own = found.by.id === speakerOf(caller).id;
      if (!own && !caller.permissions.has('detector.manage')) {
        throw new AppError('forbidden', 'this correction is somebody else’s', {
          hint: 'Say yourself what the text is: where people disagree, it is settled by somebody with detector.manage.',
        });
      }
      await within(database, async (tx) => {
        if (!(await store.remove(id, tx))) throw noSuchCorrection();
        const detail = { label: found.label, kind: found.kind, by: found.by.name, own };
        await audit.record(
          { actor: caller, action: 'detector.correction_withdrawn', subject: `correction:${id}`, detail },
          tx,
        );
      });
    },

    /**
     * Where people disagree: this one counts, for everybody. Throws `conflict` where there is nothing to settle, and
     * `forbidden` for who does not see what everybody said.
     */
    async settle(caller: Principal, id: string): Promise<Correction> {
      const found = await find(caller, id);
      demandContent(caller);
      await demandAll(caller, 'what is settled counts for');
      if (found.state === 'settled') {
        throw new AppError('conflict', 'nobody disagrees with this correction', {
          hint: 'Settle a correction whose state is "conflicting".',
        });
      }
      await within(database, async (tx) => {
        await store.settle(found, { ...speakerOf(caller), at: clock.now() }, tx);
        const detail = { label: found.label, kind: found.kind, by: found.by.name };
        await audit.record(
          { actor: caller, action: 'detector.correction_settled', subject: `correction:${id}`, detail },
          tx,
        );
      });
      return shown(await find(caller, id), caller);
    },

    /** Forgets what has expired: corrections with their interactions, and the keys of their texts. */
    async upkeep(): Promise<void> {
      const nowMs = clock.now();
      await within(database, async (tx) => {
        const expired = await store.expire(nowMs, tx);
        if (expired === 0) return;
        await audit.record(
          {
            actor: SYSTEM,
            action: 'detector.corrections_expired',
            subject: 'corrections',
            detail: { expired, until: nowMs },
          },
          tx,
        );
      });
      await sealing.destroy(nowMs);
    },
  });
}
export type CorrectionService = ReturnType<typeof createCorrectionService>;

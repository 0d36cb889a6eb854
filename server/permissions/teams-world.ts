import { ALL_PERMISSIONS, type InteractionRecord } from '@bartizan/contracts';
import { sampleRecord, shipBody } from '../lifecycle/testing.ts';
import { type Credential, INTERNAL_TOKEN, startWorld } from './world.ts';

/** Things of one team, of another, and of everybody. */
export type Place = 'ours' | 'theirs' | 'everybodys';
export const PLACES: readonly Place[] = ['ours', 'theirs', 'everybodys'];

/** Two teams, an endpoint of each and one of everybody's, with interactions, keys and open reviews on them. */
export async function startTeamsWorld() {
  const world = await startWorld();
  const { admin, must, ids } = world;
  const team = async (name: string): Promise<string> =>
    (await must('teams.create', admin, { body: { name } })).body.id;
  const teams = { ours: await team('Ours'), theirs: await team('Theirs'), everybodys: null };

  const endpoint = async (slug: Place): Promise<string> => {
    const body = { slug, name: slug, teamId: teams[slug], canaries: [`canary-of-${slug}`] };
    return (await must('endpoints.create', admin, { body })).body.id;
  };
  const endpoints: Record<Place, string> = {
    ours: await endpoint('ours'),
    theirs: await endpoint('theirs'),
    everybodys: await endpoint('everybodys'),
  };

  /** Has a gateway ship an interaction of an endpoint. */
  async function interact(place: Place, given: Partial<InteractionRecord> = {}): Promise<string> {
    const record = sampleRecord({
      endpointId: endpoints[place],
      endpointSlug: place,
      said: `said at ${place}`,
      rawRequest: `raw of ${place}`,
      rawResponse: '{}',
      ...given,
    });
    await must('gateway.ship', world.bearer(INTERNAL_TOKEN), { body: shipBody([record]) });
    return record.id;
  }
  const interactions: Record<Place, string> = {
    ours: await interact('ours'),
    theirs: await interact('theirs'),
    everybodys: await interact('everybodys'),
  };

  const keyFor = async (place: Place): Promise<string> =>
    (await world.keyWith(['gateway.invoke'], { name: place, endpoints: [endpoints[place]] })).id;
  const keys: Record<Place, string> = {
    ours: await keyFor('ours'),
    theirs: await keyFor('theirs'),
    everybodys: await keyFor('everybodys'),
  };

  async function member(name: string, role: 'ml-engineer' | 'reviewer' | 'viewer', of: string | null) {
    const who = await world.join(name, [role]);
    const personId = ids.get(name) ?? '';
    if (of) await must('teams.addMember', admin, { params: { id: of, personId } });
    return who;
  }
  const engineer = await member('engineer', 'ml-engineer', teams.ours);
  const reviewer = await member('judge', 'reviewer', teams.ours);
  const outsider = await member('outsider', 'viewer', null);

  /** May do everything, for our team alone. */
  const account = { name: 'pipeline', roles: ['administrator'], teamId: teams.ours };
  const serviceAccountId: string = (await must('service-accounts.add', admin, { body: account })).body.id;
  const teamKey = await world.keyWith(ALL_PERMISSIONS, { serviceAccountId });
  /** May do everything, for our endpoint alone. */
  const narrowKey = await world.keyWith(ALL_PERMISSIONS, { endpoints: [endpoints.ours] });
  /** The engineer's, for all endpoints. */
  const ownKey = await world.keyWith(ALL_PERMISSIONS, { name: 'own' });
  await world.pool.query('update api_keys set owner_id = $1 where id = $2', [ids.get('engineer'), ownKey.id]);

  return {
    ...world,
    teams,
    endpoints,
    interactions,
    keys,
    interact,
    callers: { engineer, reviewer, outsider, teamKey, narrowKey, ownKey } satisfies Record<
      string,
      Credential
    >,
    serviceAccountId,
  };
}
export type TeamsWorld = Awaited<ReturnType<typeof startTeamsWorld>>;
/** Callers whose reach ends somewhere, and what of the three places is there for them. */
export const REACH = {
  engineer: ['ours', 'everybodys'],
  reviewer: ['ours', 'everybodys'],
  outsider: ['everybodys'],
  teamKey: ['ours', 'everybodys'],
  narrowKey: ['ours'],
  ownKey: ['ours', 'everybodys'],
} as const satisfies Record<keyof TeamsWorld['callers'], readonly Place[]>;
export const CALLERS = Object.keys(REACH) as (keyof typeof REACH)[];

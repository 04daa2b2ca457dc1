// One sync of a group: its members' snapshots, merged, as the next generation.
import { BridgeError } from '../errors.ts'
import { listConsumers } from '../store/consumers.ts'
import { dropUnusedRosters } from '../store/roster-tables.ts'
import { narrowingsOf } from '../store/rosters.ts'
import type { SyncRecord } from '../store/syncs.ts'
import { buildRosters } from '../sync/build-rosters.ts'
import type { PublishContext } from '../sync/context.ts'
import { nameForPeople } from '../sync/narrow-stage.ts'
import { type PreparedGeneration, type PrepareWork, type ReportFacts, rollBack } from '../sync/prepare.ts'
import type { CurrentStep } from '../sync/step-schedule.ts'
import { runSyncOf } from '../sync/sync.ts'
import { followMerged } from './follow-merged.ts'
import { heldInGroup } from './guard.ts'
import type { MemberReader } from './member-reader.ts'
import { changesOf, mergeMembers } from './merge.ts'
import { readMerged } from './merge-state.ts'
import type { GroupOrg } from './org.ts'
import { type GroupReport, memberReport } from './report.ts'

export interface GroupSettings {
  readonly id: string
  /** Ids of profiles. */
  readonly members: readonly string[]
  readonly org: GroupOrg | null
}

export interface GroupContext extends PublishContext {
  readonly group: GroupSettings
  readonly reader: MemberReader
}

/**
 * As `runSync`. What a member has removed is not guarded again, for it has passed that member's guard: only what a member lacks
 * whose store was made anew, and what no member knows (see `heldInGroup`).
 */
export function runGroupSync(
  context: GroupContext,
  id: string,
  signal: AbortSignal,
  step?: CurrentStep,
): Promise<SyncRecord> {
  return runSyncOf(context, id, { signal, step, prepare: (work) => prepareGroup(context, work) })
}

async function prepareGroup(context: GroupContext, work: PrepareWork): Promise<PreparedGeneration> {
  const { sql, collections, group, log, now } = context
  const { id, signal, step, showProgress } = work
  const merging = await mergeMembers({
    ...context,
    ...group,
    guard: context.guard,
    reader: counted(context.reader, () => step?.end()),
    sync: id,
    signal,
    step: step?.signal,
    begin: () => makeRoom(context, signal),
    onProgress: (members) => showProgress({ stage: 'merge', ...members, unit: 'members' }),
  })
  const before = readMerged(sql)
  const members = merging.members.map((member) => memberReport(member, before))
  const named = members.filter(({ id: member }) => group.members.includes(member))
  if (!named.some(({ state }) => state === 'merged')) throw nothingRead(named)
  const readMs = now()
  const changes = changesOf(merging, collections)
  const { generation } = merging
  const { readiness, narrowed } = await followMerged(context, work, { generation, changes })
  for (const { id: member, problem } of members)
    if (problem) log.warn('member-not-read', { sync: id, member, ...problem })
  const report = ({ held, snapshot, durations }: ReportFacts): GroupReport => ({
    generation: snapshot?.generation,
    publishedAt: snapshot?.time,
    isPublished: false,
    counts: Object.fromEntries([...changes].map(([name, counts]) => [name, { ...counts, rejected: 0 }])),
    rosters: Object.fromEntries(narrowed.map((table) => [nameForPeople(table), table.changes])),
    held: held.map((removal) => ({ sourcedIds: [], ...removal })),
    durations,
    members,
    readiness,
  })
  const held = heldInGroup({ sql, merging, changes, narrowed, guard: context.guard })
  return { generation, crawl: undefined, mapped: undefined, changes, narrowed, held, readMs, report }
}

/** A platform that works in steps bounds the requests of each. */
const REQUESTS_IN_STEP = 300

function counted(reader: MemberReader, onEnough: () => void): MemberReader {
  let requests = 0
  const note = () => {
    requests += 1
    if (requests === REQUESTS_IN_STEP) onEnough()
  }
  return {
    facts(member, since) {
      note()
      return reader.facts(member, since)
    },
    records(member, slice) {
      note()
      return reader.records(member, slice)
    },
  }
}

/** What a sync finds before it prepares a generation, see `openNextGeneration`. */
async function makeRoom(context: GroupContext, signal: AbortSignal): Promise<void> {
  const { sql, collections, pause } = context
  await rollBack(context)
  for (const _ of dropUnusedRosters(sql, narrowingsOf(listConsumers(sql)), collections)) await pause()
  await buildRosters({ ...context, signal })
}

/** The group stays as it is; a person should see that none of its members could be read. */
function nothingRead(members: GroupReport['members']): BridgeError {
  const found = members.map(({ id, problem }) => `${id}: ${problem?.code}`).join(', ')
  return new BridgeError('members-unread', `No member of the group could be read (${found}).`, {
    remedy: members.find(({ problem }) => problem !== undefined)?.problem?.remedy ?? 'Add a member to the group.',
  })
}

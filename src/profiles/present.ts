// A profile and its status as the admin API tells them: School Data Sync's words first, and never a secret.

import type { GroupReport, MemberReport } from '../groups/report.ts'
import { pendingGeneration } from '../store/pending.ts'
import type { ProfileProblem, ProfileRecord, ProfileState } from '../store/profile.ts'
import { activeTotals, currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { latestEnded, latestReport, latestSuccessMs, listSyncs, type SyncRecord } from '../store/syncs.ts'
import { presentSync, type SyncReport } from '../sync/report.ts'
import { inBodyWords } from './body-words.ts'
import { DEFAULT_PROFILE } from './ports.ts'

/** What stands behind both answers. */
export interface ProfileFacts {
  readonly record: ProfileRecord
  /** As it was given, without secrets. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly state: ProfileState
  readonly problem: ProfileProblem | undefined
  readonly hasClientSecret: boolean
  /** It has ended by its `expirationDate`. */
  readonly hasExpired: boolean
}

export function presentProfile({ record, settings, state, problem, hasClientSecret, hasExpired }: ProfileFacts) {
  const { id, isPaused, createdMs, changedMs } = record
  const { displayName, dataProvider, ...more } = settings
  return {
    id,
    displayName: typeof displayName === 'string' ? displayName : id,
    state,
    source: id === DEFAULT_PROFILE ? 'environment' : 'api',
    dataProvider: { ...(dataProvider as object), ...(hasClientSecret ? { hasClientSecret } : {}) },
    ...more,
    isPaused,
    hasExpired,
    problem,
    createdDateTime: createdMs === 0 ? undefined : instant(createdMs),
    lastModifiedDateTime: changedMs === 0 ? undefined : instant(changedMs),
  }
}

/** `errorCount` counts the records that the latest sync with a report had to leave out. */
export function presentProfileStatus(facts: ProfileFacts, sql: Sql, nextMs: number | undefined) {
  const { record, state, problem, hasExpired } = facts
  const [latest] = listSyncs(sql, 1)
  const ended = latestEnded(sql)
  // Written by `syncReport` only; an earlier version of it may have left things out.
  const report = (latestReport(sql)?.report ?? {}) as Partial<SyncReport>
  const counts = report.counts ?? {}
  // Of a group's.
  const { members } = report as Partial<GroupReport>
  const canRelease = ended?.status === 'validationError' && isHeldStill(sql, ended, latest)
  const held = canRelease ? ((ended.report as Partial<SyncReport>).held ?? []) : []
  const activityMs = latest?.finishedMs ?? latest?.startedMs
  const successMs = latestSuccessMs(sql)
  const snapshot = currentSnapshot(sql)
  return {
    status: statusWord(facts, latest),
    lastSynchronizationDateTime: successMs === undefined ? null : instant(successMs),
    lastActivityDateTime: activityMs === undefined ? null : instant(activityMs),
    errorCount: Object.values(counts).reduce((sum, { rejected }) => sum + rejected, 0),
    statusMessage: [
      statusMessage(facts, { latest, ended, canRelease }),
      ended?.report === undefined ? '' : membersMessage(members),
    ]
      .filter(Boolean)
      .join(' '),
    state,
    isPaused: record.isPaused,
    hasExpired,
    problem,
    isReady: snapshot !== undefined,
    snapshot: snapshot && {
      generation: snapshot.generation,
      publishedAt: snapshot.time,
      active: Object.fromEntries(activeTotals(sql, snapshot.generation)),
    },
    progress: latest?.status === 'inProgress' ? latest.progress : undefined,
    counts,
    held,
    members: members?.map(({ id, state, publishedAt, problem }) => ({ id, state, publishedAt, problem })),
    nextSyncAt: nextMs === undefined ? undefined : instant(nextMs),
    latestSync: latest && presentSync(latest),
  }
}

function statusWord({ record, state, hasExpired }: ProfileFacts, latest: SyncRecord | undefined): string {
  if (record.isPaused || hasExpired || state === 'deleting') return 'paused'
  if (state === 'provisioningFailed') return 'error'
  return state === 'provisioning' ? 'inProgress' : (latest?.status ?? 'inProgress')
}

const HELD =
  'The latest sync would remove too many records and is held. Look at `held`, then resume, or mend PowerSchool.'
const HELD_FIRST =
  'The first snapshot would lack people and is held. Look at `held`, then mend what is missing, or resume to publish it as it is.'

const SUPERSEDED = 'What the latest sync was held for can no longer be released: the next one compares anew.'

function isHeldStill(sql: Sql, ended: SyncRecord, latest: SyncRecord | undefined): boolean {
  return latest?.id === ended.id && pendingGeneration(sql)?.sync === ended.id
}

interface Course {
  readonly latest: SyncRecord | undefined
  readonly ended: SyncRecord | undefined
  readonly canRelease: boolean
}

function statusMessage(facts: ProfileFacts, { latest, ended, canRelease }: Course): string {
  const { record, state, problem, settings, hasExpired } = facts
  if (state === 'deleting') return 'The profile is being deleted.'
  if (hasExpired)
    return `The profile ended by its expirationDate, ${settings.expirationDate}. Change that to sync again.`
  if (record.isPaused) return 'Paused: the last snapshot is served, and no sync begins until the profile is resumed.'
  const own = (told: ProfileProblem) => (record.id === DEFAULT_PROFILE ? sentence(told) : inBodyWords(sentence(told)))
  if (problem !== undefined) return own(problem)
  if (ended?.status === 'validationError' && latest?.id === ended.id) {
    if (!canRelease) return SUPERSEDED
    const { held = [] } = (ended.report ?? {}) as Partial<SyncReport>
    return held.some(({ reason }) => reason === 'nobody') ? HELD_FIRST : HELD
  }
  // Written by `errorReport` only.
  const error = ended?.error as ProfileProblem | undefined
  return error === undefined || ended?.status === 'paused' ? '' : own(error)
}

/** Who reads only the words must not take a group for whole while a member of it stands still. */
function membersMessage(members: readonly MemberReport[] = []): string {
  const still = members.flatMap(({ id, state, problem }) => (problem === undefined ? [] : [{ id, state, problem }]))
  if (still.length === 0) return ''
  const told = still.map(({ id, state, problem }) => `${id} (${state}, ${problem.code}): ${sentence(problem)}`)
  return `Of ${members.length} members ${still.length} could not be followed. ${told.join(' ')}`
}

const sentence = ({ message, remedy }: ProfileProblem) => [message, remedy].filter(Boolean).join(' ')

const instant = (ms: number) => new Date(ms).toISOString()

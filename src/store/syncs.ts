// The record of every sync: its state, progress, report and error; the last 50 are kept, and the last that went well.
import type { ErrorCode } from '../errors.ts'
import type { Sql } from './sql.ts'

/** School Data Sync's words for the state of a run. */
export const SYNC_STATUSES = ['inProgress', 'success', 'error', 'validationError', 'quarantined', 'paused'] as const
export type SyncStatus = (typeof SYNC_STATUSES)[number]

export interface SyncRecord {
  readonly id: string
  readonly status: SyncStatus
  readonly startedMs: number
  readonly finishedMs: number | undefined
  /** What it is doing, or was when it ended: crawl, map, publish, done. */
  readonly stage: string
  readonly progress: unknown
  readonly report: unknown
  readonly error: unknown
}

interface SyncRow {
  readonly id: string
  readonly status: string
  readonly started_ms: number
  readonly finished_ms: number | null
  readonly stage: string
  readonly progress: string | null
  readonly report: string | null
  readonly error: string | null
}

const KEPT = 50
const asJson = (value: unknown) => (value === undefined ? null : JSON.stringify(value))
const fromJson = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text))

const asRecord = (row: SyncRow): SyncRecord => ({
  id: row.id,
  // Written by this file only.
  status: row.status as SyncStatus,
  startedMs: row.started_ms,
  finishedMs: row.finished_ms ?? undefined,
  stage: row.stage,
  progress: fromJson(row.progress),
  report: fromJson(row.report),
  error: fromJson(row.error),
})

/** Adds or updates a sync by its id. */
export function saveSync(sql: Sql, sync: SyncRecord): void {
  sql.transaction(() => {
    sql.run(
      `insert into syncs (id, number, status, started_ms, finished_ms, stage, progress, report, error)
       values (?, (select coalesce(max(number), 0) + 1 from syncs), ?, ?, ?, ?, ?, ?, ?)
       on conflict (id) do update set status = excluded.status, finished_ms = excluded.finished_ms, stage = excluded.stage,
         progress = excluded.progress, report = excluded.report, error = excluded.error`,
      sync.id,
      sync.status,
      sync.startedMs,
      sync.finishedMs ?? null,
      sync.stage,
      asJson(sync.progress),
      asJson(sync.report),
      asJson(sync.error),
    )
    // Who watches for the age of the last success must not find none, however long ago it was.
    sql.run(
      `delete from syncs where number <= (select max(number) from syncs) - ${KEPT}
       and number is not (select max(number) from syncs where status = 'success')`,
    )
  })
}

export function findSync(sql: Sql, id: string): SyncRecord | undefined {
  const [row] = sql.all<SyncRow>(`select * from syncs where id = ?`, id)
  return row && asRecord(row)
}

/** Of the newest sync that has one. */
export function latestReport(sql: Sql): SyncRecord | undefined {
  const [row] = sql.all<SyncRow>(`select * from syncs where report is not null order by number desc limit 1`)
  return row && asRecord(row)
}

/** The newest sync that is not running. */
export function latestEnded(sql: Sql): SyncRecord | undefined {
  const [row] = sql.all<SyncRow>(`select * from syncs where status <> 'inProgress' order by number desc limit 1`)
  return row && asRecord(row)
}

/** When the newest sync that went well ended (ms since 1970). */
export function latestSuccessMs(sql: Sql): number | undefined {
  const [row] = sql.all<{ ms: number | null }>(
    `select finished_ms as ms from syncs where status = 'success' order by number desc limit 1`,
  )
  return row?.ms ?? undefined
}

/** The newest first. */
export function listSyncs(sql: Sql, limit = KEPT): SyncRecord[] {
  return sql.all<SyncRow>(`select * from syncs order by number desc limit ?`, limit).map(asRecord)
}

/** From this many failures in a row on a sync is quarantined. */
export const QUARANTINE_AFTER = 3

export interface Failures {
  readonly count: number
  /** When the first of them that was quarantined ended (ms since 1970); the oldest that is kept. */
  readonly quarantinedSinceMs: number | undefined
}

/** Ended without telling anything of PowerSchool, the mapping or the store. */
const TELLS_NOTHING: ReadonlySet<string> = new Set(['inProgress', 'paused'])
const FAILED: ReadonlySet<string> = new Set(['error', 'quarantined'])

/**
 * The failures since the last sync that was published or held, as far as they are kept. A sync that runs or was stopped
 * neither counts nor ends them; nor does one that another process's sync kept out, or that had no rows to map anew.
 */
export function failuresInARow(sql: Sql, except?: string): Failures {
  const rows = sql.all<{ id: string; status: string; ended_ms: number; code: string | null }>(
    `select id, status, coalesce(finished_ms, started_ms) as ended_ms, error ->> 'code' as code
     from syncs order by number desc`,
  )
  let count = 0
  let quarantinedSinceMs: number | undefined
  for (const { id, status, ended_ms, code } of rows) {
    if (id === except || TELLS_NOTHING.has(status) || isRefused(code)) continue
    if (!FAILED.has(status)) break
    count += 1
    if (status === 'quarantined') quarantinedSinceMs = ended_ms
  }
  return { count, quarantinedSinceMs }
}

/** Refused before anything was tried: another process syncs, or rows that were to be mapped anew are of no use for it. */
const REFUSED: readonly ErrorCode[] = ['sync-running', 'rows-unfit']
const isRefused = (code: string | null | undefined) => REFUSED.some((refused) => refused === code)

/** The status of a sync that is failing now, for this reason: `quarantined` from the third failure in a row on. */
export function failureStatus(sql: Sql, id: string, code?: ErrorCode): 'error' | 'quarantined' {
  if (isRefused(code)) return 'error'
  return failuresInARow(sql, id).count + 1 >= QUARANTINE_AFTER ? 'quarantined' : 'error'
}

/** Marks what a killed process left as running; the sync `current` is the one that runs now. */
export function pauseInterrupted(sql: Sql, current: string, now: number): void {
  sql.run(
    `update syncs set status = 'paused', finished_ms = ?, error = ? where status = 'inProgress' and id <> ?`,
    now,
    JSON.stringify({
      code: 'sync-stopped',
      message: 'The process ended while this sync ran.',
      remedy: 'Nothing: the next sync goes on from there.',
    }),
    current,
  )
}

/** Ends a sync whose steps get nowhere, or were ended from outside again and again: it would go on for ever. */
export function endTornSync(sql: Sql, id: string, now: number): void {
  const code: ErrorCode = 'sync-torn'
  const error = {
    code,
    message: 'The platform ended the steps of this sync again and again, or it has not come to its end in a day.',
    remedy:
      'Look at the limits of memory and CPU time; a district beyond them needs the bridge on a machine of its own.',
  }
  sql.run(
    `update syncs set status = ?, finished_ms = ?, error = ? where id = ?`,
    failureStatus(sql, id, code),
    now,
    JSON.stringify(error),
    id,
  )
}

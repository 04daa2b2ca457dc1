// The record of every sync: its state, progress, report and error; the last 50 are kept.
import type { Sql } from './sql.ts'

/** School Data Sync's words for the state of a run. */
export type SyncStatus = 'inProgress' | 'success' | 'error' | 'validationError' | 'quarantined' | 'paused'

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
    sql.run(`delete from syncs where number <= (select max(number) from syncs) - ${KEPT}`)
  })
}

export function findSync(sql: Sql, id: string): SyncRecord | undefined {
  const [row] = sql.all<SyncRow>(`select * from syncs where id = ?`, id)
  return row && asRecord(row)
}

/** The newest first. */
export function listSyncs(sql: Sql, limit = KEPT): SyncRecord[] {
  return sql.all<SyncRow>(`select * from syncs order by number desc limit ?`, limit).map(asRecord)
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

// The members whose losses a person has let go: by the snapshot that the person has been told of.
import { readMeta, writeMeta } from '../store/meta.ts'
import type { Sql } from '../store/sql.ts'
import { latestEnded, type SyncRecord } from '../store/syncs.ts'
import type { Since } from './member-reader.ts'
import type { GroupReport } from './report.ts'

const RELEASED = 'group-released'

/** By member. Another store of it than that of the snapshot is not let go. */
export type Released = Readonly<Record<string, Since>>

export function readReleased(sql: Sql): Released {
  // Written by this file only.
  return JSON.parse(readMeta(sql, RELEASED) ?? '{}') as Released
}

/**
 * Lets go what that sync has kept of members for their losses: the next sync merges them. Answers the sync's record; undefined
 * when it is not the latest, or has kept none for that.
 */
export function releaseMembers(
  sql: Sql,
  sync: string,
): { readonly record: SyncRecord; readonly members: string[] } | undefined {
  const record = latestEnded(sql)
  if (record?.id !== sync || record.status !== 'success') return undefined
  // Written by `runGroupSync`, perhaps of an earlier version.
  const { members = [] } = (record.report ?? {}) as Partial<GroupReport>
  const waiting = members.flatMap(({ id, waiting: snapshot }) =>
    snapshot === undefined ? [] : [[id, snapshot] as const],
  )
  if (waiting.length === 0) return undefined
  writeMeta(sql, RELEASED, JSON.stringify({ ...readReleased(sql), ...Object.fromEntries(waiting) }))
  return { record, members: waiting.map(([id]) => id) }
}

/** Once they are merged, or gone: in that transaction. */
export function forgetReleased(sql: Sql, members: readonly string[]): void {
  const released = Object.entries(readReleased(sql))
  const left = released.filter(([id]) => !members.includes(id))
  if (left.length < released.length) writeMeta(sql, RELEASED, JSON.stringify(Object.fromEntries(left)))
}

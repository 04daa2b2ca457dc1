// Whether a profile may be synced by a command, before and while it is.
import { BridgeError } from '../errors.ts'
import { hasExpired } from '../profiles/facts.ts'
import type { NodeSqlite } from '../store/node-sqlite.ts'
import { findProfile, type ProfileRecord } from '../store/profile.ts'

/** Refuses with `sync-stopped`, and closes the store, where a person has said that no sync begins. */
export function refuseEnded(record: ProfileRecord | undefined, sql: NodeSqlite): void {
  const refusal = record && refusalOf(record)
  if (refusal === undefined) return
  sql.close()
  throw new BridgeError('sync-stopped', ...refusal)
}

function refusalOf(record: ProfileRecord): [message: string, more: { remedy: string }] | undefined {
  const path = `/admin/profiles/${record.id}`
  if (record.state === 'deleting') return ['The profile is being deleted.', { remedy: 'Make a new one.' }]
  if (hasExpired(record, Date.now())) {
    return ['The profile ended by its expirationDate.', { remedy: `Change that first: PATCH ${path}.` }]
  }
  if (record.isPaused) return ['The profile is paused.', { remedy: `Resume it first: POST ${path}/resume.` }]
  return undefined
}

const WATCH_MS = 500

/** The running server may be told meanwhile that the profile is to stop, or to be another one; which is said once. */
export function watchProfile(sql: NodeSqlite, begun: ProfileRecord | undefined, onChange: (why: string) => void) {
  const watch = setInterval(() => {
    const record = findProfile(sql)
    const isOther = JSON.stringify(record?.settings ?? {}) !== JSON.stringify(begun?.settings ?? {})
    const why = (record && refusalOf(record)?.[0]) ?? (isOther ? 'The profile was changed; sync it anew.' : undefined)
    if (why === undefined) return
    clearInterval(watch)
    onChange(why)
  }, WATCH_MS)
  return watch
}

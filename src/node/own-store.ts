// Whether a database is the one of the profile whose name it has: a person may have copied it there.
import { BridgeError } from '../errors.ts'
import { listConsumers } from '../store/consumers.ts'
import { DEFAULT_PROFILE, findProfile } from '../store/profile.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'

/** Refuses with `store-failed`, and leaves as it is, what no key of this profile would open. The tables must be up to date. */
export function requireOwn(id: string, sql: Sql): void {
  const record = findProfile(sql)
  // The profile of the settings has a row only where the admin API has said something of it.
  const mayBeUntold = id === DEFAULT_PROFILE || (currentSnapshot(sql) === undefined && listConsumers(sql).length === 0)
  if (record === undefined ? mayBeUntold : record.id === id) return
  const file = id === DEFAULT_PROFILE ? id : `profiles/${id}`
  const whose = record === undefined ? 'the one of the settings' : record.id
  throw new BridgeError('store-failed', `${file}.sqlite holds another profile: ${whose}.`, {
    remedy: `Stop the bridge and give the file its own name, ${record === undefined ? 'default' : `profiles/${record.id}`}.sqlite.`,
  })
}

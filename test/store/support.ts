// A small store in memory, and how the tests publish into it.
import { cleanUp } from '../../src/store/clean-up.ts'
import { migrate } from '../../src/store/migrations.ts'
import { type CacheBytes, type Form, type ListQuery, openRecordReader } from '../../src/store/records.ts'
import type { CollectionStorage } from '../../src/store/schema.ts'
import { openSnapshotWriter, type StoredRecord } from '../../src/store/snapshot-writer.ts'
import { publishGeneration, type Snapshot } from '../../src/store/snapshots.ts'
import type { Sql } from '../../src/store/sql.ts'
import { onTestEnd } from '../support/ending.ts'
import { openTestStore, type TestStore, testDeflate } from '../support/runtime.ts'
import { type WholePages, wholePages } from './whole-pages.ts'

export const COLLECTIONS: readonly CollectionStorage[] = [
  { name: 'users', columns: [{ name: 'role', type: 'text', index: true }], links: ['orgs'] },
  { name: 'orgs', columns: [], links: [] },
]

export function openStore(): TestStore {
  const sql = openTestStore()
  migrate(sql, COLLECTIONS)
  onTestEnd(() => sql.close())
  return sql
}

/** A user named by `name`, in the school `org`. */
export function user(sourcedId: string, name = 'Ada', org = 'sch1'): StoredRecord {
  return {
    sourcedId,
    body: `"sourcedId":"${sourcedId}","status":"active","givenName":"${name}","orgs":[{"href":"\\/orgs/${org}"}]}`,
    bodyV1p2: null,
    columns: ['student'],
    links: [{ field: 'orgs', target: org }],
  }
}

export const tombstoneOf = (body: string) => body.replace('"status":"active"', '"status":"tobedeleted"')

/** Prepares a generation of these users, without publishing it. */
export function prepare(sql: Sql, users: readonly StoredRecord[], sync = 'sync') {
  const writer = openSnapshotWriter(sql, { collections: COLLECTIONS, sync, tombstoneOf })
  writer.write('users', users)
  for (const _ of writer.removeUnseen());
  for (const _ of writer.place());
  return writer
}

export function publish(sql: Sql, users: readonly StoredRecord[], now: number): Snapshot {
  const writer = prepare(sql, users)
  const totals = new Map([...writer.changes()].map(([name, { active }]) => [name, active]))
  return publishGeneration(sql, {
    generation: writer.generation,
    sync: 'sync',
    totals: () => totals,
    now: () => now,
    servedMs: () => 0,
  })
}

/** Cleans up as it is done an hour after pins have ended, unless told. */
export function tidy(sql: Sql, now: number, lifetimeMs = 3_600_000): void {
  const remembered = new Set(['users'])
  const options = { now: () => now, lifetimeMs, tombstoneLifetimeMs: 180 * 24 * 3_600_000, remembered }
  for (const _ of cleanUp(sql, COLLECTIONS, options));
}

export const V1P1: Form = { version: 'v1p1', root: 'https://bridge.example.org/v1p1' }
export const V1P2: Form = { version: 'v1p2', root: 'https://bridge.example.org/v1p2' }

export const pause = () => Promise.resolve()

export function openReader(sql: Sql, memory?: CacheBytes): WholePages {
  return wholePages(openRecordReader(sql, { deflate: testDeflate, pause, memory }))
}

/** All users of a generation, tombstones too, in order of sourcedId. */
export function pageOf(generation: number, change: Partial<ListQuery> = {}): ListQuery {
  return {
    table: 'users',
    generation,
    where: [],
    changedSinceMs: undefined,
    order: undefined,
    form: V1P1,
    limit: 100,
    offset: 0,
    ...change,
  }
}

export interface UserRecord {
  readonly sourcedId: string
  readonly status: string
  readonly dateLastModified: string
  readonly givenName: string
  readonly orgs: readonly { readonly href: string }[]
}

export function parsed(json: Uint8Array): UserRecord[] {
  return JSON.parse(`[${new TextDecoder().decode(json)}]`)
}

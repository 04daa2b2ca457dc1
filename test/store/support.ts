// A small store in memory, and how the tests publish into it.
import { afterEach } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { type NodeSqlite, openNodeSqlite } from '../../src/store/node-sqlite.ts'
import type { PageQuery } from '../../src/store/records.ts'
import type { CollectionStorage } from '../../src/store/schema.ts'
import { openSnapshotWriter, type StoredRecord } from '../../src/store/snapshot-writer.ts'
import { publishGeneration, type Snapshot } from '../../src/store/snapshots.ts'
import type { Sql } from '../../src/store/sql.ts'

export const COLLECTIONS: readonly CollectionStorage[] = [
  { name: 'users', columns: [{ name: 'role', type: 'text', index: true }], links: ['orgs'] },
  { name: 'orgs', columns: [], links: [] },
]

const open: NodeSqlite[] = []
afterEach(() => {
  for (const sql of open.splice(0)) sql.close()
})

export function openStore(): NodeSqlite {
  const sql = openNodeSqlite(':memory:')
  migrate(sql, COLLECTIONS)
  open.push(sql)
  return sql
}

/** A user named by `name`, in the school `org`. */
export function user(sourcedId: string, name = 'Ada', org = 'sch1'): StoredRecord {
  return {
    sourcedId,
    body: `"sourcedId":"${sourcedId}","status":"active","givenName":"${name}"}`,
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
  return publishGeneration(sql, { generation: writer.generation, sync: 'sync', totals, now: () => now })
}

/** All users of a generation, tombstones too, in order of sourcedId. */
export function pageOf(generation: number, change: Partial<PageQuery> = {}): PageQuery {
  return {
    collection: 'users',
    generation,
    where: [],
    isAllActive: false,
    isDelta: false,
    order: undefined,
    limit: 100,
    offset: 0,
    ...change,
  }
}

export function parsed(
  json: Uint8Array,
): { sourcedId: string; status: string; dateLastModified: string; givenName: string }[] {
  return JSON.parse(`[${new TextDecoder().decode(json)}]`)
}

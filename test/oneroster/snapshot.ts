// A small store in memory, laid out as the real one, for trying conditions on real SQLite.
import { DatabaseSync } from 'node:sqlite'
import { conditionOf } from '../../src/oneroster/condition.ts'
import type { Collection } from '../../src/oneroster/model.ts'
import { isOfStored, matchOperation } from '../../src/oneroster/operations.ts'
import { createPresenters, tombstoneOf } from '../../src/oneroster/present.ts'
import { parseQuery } from '../../src/oneroster/query.ts'
import { type Service, V1P1 } from '../../src/oneroster/services.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { orderStatement } from '../../src/store/list-statement.ts'

export const ALIVE = 9007199254740991
const DAY_MS = 86_400_000
const FIRST_DAY = Date.parse('2025-01-01T08:30:00.250Z')

/** The time of a generation: one a day, from 2025-01-02T08:30:00.250Z for the first. */
export function timeOf(generation: number): string {
  return new Date(FIRST_DAY + generation * DAY_MS).toISOString()
}

export interface Version {
  readonly sourcedId: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly born?: number
  readonly died?: number
  readonly hasLeft?: boolean
}

export type Snapshot = ReturnType<typeof createSnapshot>

export function link(collection: Collection, sourcedId: string) {
  return { collection, sourcedId }
}

export function createSnapshot(generations = 1) {
  const db = new DatabaseSync(':memory:')
  const present = createPresenters()
  db.exec('create table generations (number integer primary key, time text not null, time_ms integer not null)')
  for (let number = 1; number <= generations; number += 1) {
    const time = timeOf(number)
    db.prepare('insert into generations values (?, ?, ?)').run(number, time, Date.parse(time))
  }
  for (const { name, columns } of STORAGE) {
    const own = columns.map((column) => `, "${column.name}" ${column.type}`).join('')
    db.exec(`create table records_${name} (seq integer primary key, sourcedId text not null, status text not null,
      born integer not null, died integer not null, body text not null, body_v1p2 text${own})`)
    db.exec(`create index ${name}_id on records_${name} (sourcedId, born)`)
    db.exec(`create index ${name}_born on records_${name} (born)`)
    for (const column of columns.filter(({ index }) => index)) {
      db.exec(`create index "${name}_by_${column.name}" on records_${name} ("${column.name}", sourcedId)`)
    }
    db.exec(`create table links_${name} (field text, target text, sourcedId text, seq integer,
      primary key (field, target, sourcedId, seq)) without rowid`)
  }

  return {
    db,
    /** Stores one version and gives the object that a reader of its first generation sees, as 1.1 and as 1.2 have it. */
    put(collection: Collection, version: Version): Record<'v1p1' | 'v1p2', Record<string, unknown>> {
      const { born = 1, died = ALIVE, hasLeft = false } = version
      const { body, bodyV1p2, columns, links } = present[collection](version)
      const statusOf = (text: string) => (hasLeft ? tombstoneOf(text) : text)
      const objectOf = (text: string) => ({ ...JSON.parse(`{${statusOf(text)}`), dateLastModified: timeOf(born) })
      const other = bodyV1p2 === null ? null : statusOf(bodyV1p2)
      const places = columns.map(() => ', ?').join('')
      const { lastInsertRowid } = db
        .prepare(`insert into records_${collection} values (null, ?, ?, ?, ?, ?, ?${places})`)
        .run(version.sourcedId, hasLeft ? 'tobedeleted' : 'active', born, died, statusOf(body), other, ...columns)
      const insertLink = db.prepare(`insert into links_${collection} values (?, ?, ?, ?)`)
      for (const { field, target } of links) insertLink.run(field, target, version.sourcedId, lastInsertRowid)
      return { v1p1: objectOf(body), v1p2: objectOf(bodyV1p2 ?? body) }
    },
    /** The sourcedIds that a path and query answer with, in order. */
    read(path: string, query = '', generation = generations, service: Service = V1P1): string[] {
      const match = matchOperation(service, path)
      if (!match || !isOfStored(match.operation)) throw new Error(`No records at ${path}`)
      const { operation, parameters } = match
      const options = { version: service.version, maxLimit: 10_000, single: operation.isSingle }
      const asked = parseQuery(query, operation.entity, options)
      if (!asked.ok) throw new Error(asked.fault.description)
      const place = { generation, table: (name: string) => name }
      const condition = conditionOf({ operation: match.operation, parameters, place, filter: asked.filter })
      const list = {
        table: operation.entity,
        generation,
        where: [condition],
        changedSinceMs: undefined,
        order: asked.sort,
      }
      const { statement, parameters: values } = orderStatement(list)
      return db
        .prepare(`select r.sourcedId from (${statement}) list, json_each(cast(list.seqs as text)) seq
          join records_${operation.entity} r on r.seq = seq.value order by seq.key`)
        .all(...values)
        .map((row) => String(row.sourcedId))
    },
  }
}

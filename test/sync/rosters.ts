// How the tests look at narrowed rosters: what stands in their tables, and what should stand there.
import type { District } from '../../fixtures/powerschool/district.ts'
import { narrowRoster } from '../../src/oneroster/narrow.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { type ConsumerRecord, insertConsumer } from '../../src/store/consumers.ts'
import { type Narrowing, ownStorages, rosterOf, tableNames } from '../../src/store/rosters.ts'
import { ALIVE, type CollectionStorage } from '../../src/store/schema.ts'
import { activeTotals, currentSnapshot } from '../../src/store/snapshots.ts'
import type { Sql } from '../../src/store/sql.ts'

export interface Version {
  readonly sourcedId: string
  readonly status: string
  readonly time: string
  readonly body: string
}

/** The numbers of the district's schools. */
export function schoolNumbers({ db }: District): string[] {
  const schools = 'select school_number as number from schools where school_number between 1 and 999998 order by 1'
  return db
    .prepare(schools)
    .all()
    .map(({ number }) => String(number))
}

/** DCIDs of the active students whose school of enrollment has this number. */
export function studentsAt({ db }: District, school: string): number[] {
  const students = 'select dcid from students where enroll_status = 0 and schoolid = ? order by dcid'
  return db
    .prepare(students)
    .all(Number(school))
    .map(({ dcid }) => Number(dcid))
}

export function addConsumer(sql: Sql, id: string, { schools, contacts }: Narrowing): void {
  const consumer: ConsumerRecord = {
    id,
    name: id,
    secretHash: 'none',
    sealedSecret: null,
    previous: null,
    scopes: [],
    schools,
    withheld: contacts ? [] : ['contacts'],
    switches: [],
    requestsPerMinute: null,
    createdMs: 0,
    rotatedMs: null,
    expiresMs: null,
    source: 'command',
  }
  insertConsumer(sql, consumer)
}

/** Every version that the current generation shows in the roster's own tables, in order; throws when it cannot be read. */
export function shown(sql: Sql, narrowing: Narrowing): Readonly<Record<string, readonly Version[]>> {
  const generation = currentSnapshot(sql)?.generation ?? 0
  const nameOf = tableNames(sql, narrowing, generation)
  if (nameOf === undefined) throw new Error(`the roster ${JSON.stringify(narrowing)} is not built`)
  const own = STORAGE.filter(({ name }) => nameOf(name) !== name)
  return Object.fromEntries(own.map(({ name }) => [name, versionsOf(sql, nameOf(name), generation)]))
}

/** Every version that the current generation shows in a table. */
export function shownIn(sql: Sql, table: string): Version[] {
  return versionsOf(sql, table, currentSnapshot(sql)?.generation ?? 0)
}

function versionsOf(sql: Sql, table: string, generation: number): Version[] {
  return sql.all<Version & object>(
    `select r.sourcedId, r.status, g.time, r.body || coalesce(r.body_v1p2, '') as body
     from records_${table} r join generations g on g.number = r.born
     where r.born <= ? and r.died > ? order by r.sourcedId`,
    generation,
    generation,
  )
}

/** Where a roster's tables differ from what belongs to it by the main tables, and its totals from its records; none is right. */
export function faultsOf(sql: Sql, narrowing: Narrowing): string[] {
  const generation = currentSnapshot(sql)?.generation ?? 0
  const belonging = new Map<string, string[]>()
  for (const batch of narrowRoster(sql, narrowing, generation)) {
    if (batch === undefined) continue
    const texts = batch.records.map(({ body, bodyV1p2 }) => body + (bodyV1p2 ?? ''))
    belonging.set(batch.collection, [...(belonging.get(batch.collection) ?? []), ...texts])
  }
  const totals = activeTotals(sql, generation)
  const nameOf = tableNames(sql, narrowing, generation)
  return Object.entries(shown(sql, narrowing)).flatMap(([name, versions]) => {
    const active = versions.filter(({ status }) => status === 'active').map(({ body }) => body)
    const wanted = belonging.get(name) ?? []
    const total = totals.get(nameOf?.(name) ?? '')
    return [
      ...wanted.filter((body) => !active.includes(body)).map((body) => `${name} lacks ${body}`),
      ...active.filter((body) => !wanted.includes(body)).map((body) => `${name} has ${body}`),
      ...(total === active.length ? [] : [`${name} has ${active.length} records and the total ${total}`]),
    ]
  })
}

/** Versions that no published snapshot knows, records alive twice, links of nothing, changes never placed; none is right. */
export function tracesIn(sql: Sql, narrowing: Narrowing): string[] {
  const newest = currentSnapshot(sql)?.generation ?? 0
  const roster = rosterOf(sql, narrowing)
  if (roster === undefined) return ['no roster']
  return ownStorages(roster, STORAGE as readonly CollectionStorage[]).flatMap(({ name }) => {
    const counted = {
      unseen: `select count(*) as n from records_${name} where born > ${newest} or (died > ${newest} and died < ${ALIVE})`,
      twice: `select count(*) - count(distinct sourcedId) as n from records_${name} where died = ${ALIVE}`,
      links: `select count(*) as n from links_${name} where seq not in (select seq from records_${name})`,
      changes: `select count(*) as n from changed_${name}`,
    }
    return Object.entries(counted).flatMap(([what, statement]) => {
      const n = sql.all<{ n: number }>(statement)[0]?.n
      return n === 0 ? [] : [`${name}: ${n} ${what}`]
    })
  })
}

// Narrowed rosters: what belongs to them, closed in itself, beside a slow reading of the same definition.
import { afterEach, describe, expect, it } from 'vitest'
import { COLLECTIONS, type Collection } from '../../src/oneroster/model.ts'
import { narrowRoster } from '../../src/oneroster/narrow.ts'
import type { Narrowing } from '../../src/oneroster/narrow-selection.ts'
import { createPresenters, type RosterRecord, tombstoneOf } from '../../src/oneroster/present.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { createTrimmer, type StoredRecord } from '../../src/oneroster/trim.ts'
import { migrate } from '../../src/store/migrations.ts'
import { type NodeSqlite, openNodeSqlite } from '../../src/store/node-sqlite.ts'
import { openSnapshotWriter } from '../../src/store/snapshot-writer.ts'
import { publishGeneration } from '../../src/store/snapshots.ts'
import { type Random, seeded } from './random.ts'
import { belonging, chanceNarrowing, chanceRoster, type Roster } from './roster-of-chance.ts'

const ROSTERS = 60

const open: NodeSqlite[] = []
afterEach(() => {
  for (const sql of open.splice(0)) sql.close()
})

function openStore(): NodeSqlite {
  const sql = openNodeSqlite(':memory:')
  open.push(sql)
  migrate(sql, STORAGE)
  return sql
}

function present(roster: Roster): ReadonlyMap<Collection, readonly StoredRecord[]> {
  const presenters = createPresenters()
  for (const org of roster.orgs) presenters.orgs(org)
  const stored = (name: Collection, record: RosterRecord) => ({
    sourcedId: record.sourcedId,
    ...presenters[name](record),
  })
  return new Map(COLLECTIONS.map((name) => [name, roster[name].map((record) => stored(name, record))]))
}

function publish(sql: NodeSqlite, roster: Roster): number {
  const writer = openSnapshotWriter(sql, { collections: STORAGE, sync: 'sync', tombstoneOf })
  for (const [name, records] of present(roster)) writer.write(name, records)
  for (const _ of writer.removeUnseen());
  for (const _ of writer.place());
  publishGeneration(sql, {
    generation: writer.generation,
    sync: 'sync',
    totals: () => new Map(),
    now: () => 0,
    servedMs: () => 0,
  })
  return writer.generation
}

function narrowed(sql: NodeSqlite, narrowing: Narrowing, generation: number): Map<string, StoredRecord[]> {
  const found = new Map<string, StoredRecord[]>()
  for (const batch of narrowRoster(sql, narrowing, generation)) {
    if (batch !== undefined) found.set(batch.collection, [...(found.get(batch.collection) ?? []), ...batch.records])
  }
  return found
}

/** Links have no order of their own, and records come in the order in which they lie. */
function comparable(records: readonly StoredRecord[] = []) {
  const linksOf = ({ links }: StoredRecord) => links.map(({ field, target }) => `${field} ${target}`).sort()
  return records.toSorted(byId).map(({ sourcedId, body, bodyV1p2, columns, ...rest }) => ({
    sourcedId,
    body,
    bodyV1p2,
    columns,
    links: linksOf({ sourcedId, body, bodyV1p2, columns, ...rest }),
  }))
}

const byId = (a: { readonly sourcedId: string }, b: typeof a) => (a.sourcedId < b.sourcedId ? -1 : 1)

function expectNarrowed(sql: NodeSqlite, roster: Roster, narrowing: Narrowing, generation: number): void {
  const found = narrowed(sql, narrowing, generation)
  const presenters = createPresenters()
  // What v1.2 calls an administrator's role is decided by all orgs.
  for (const org of roster.orgs) presenters.orgs(org)
  const wanted = belonging(roster, narrowing)
  for (const name of COLLECTIONS) {
    if (narrowing.schools === null && name !== 'users') {
      expect(found.has(name)).toBe(false)
      continue
    }
    const records = wanted[name].map((record) => ({ sourcedId: record.sourcedId, ...presenters[name](record) }))
    expect(comparable(found.get(name)), `${name} for ${JSON.stringify(narrowing)}`).toEqual(comparable(records))
  }
}

function rosters(count: number, check: (random: Random, roster: Roster) => void): void {
  for (let seed = 1; seed <= count; seed += 1) {
    const random = seeded(seed)
    check(random, chanceRoster(random))
  }
}

describe('a narrowed roster', () => {
  it('holds what its definition says, as if the rest had never been mapped', () => {
    rosters(ROSTERS, (random, roster) => {
      const sql = openStore()
      const generation = publish(sql, roster)
      for (let nth = 0; nth < 5; nth += 1) expectNarrowed(sql, roster, chanceNarrowing(roster, random), generation)
    })
  })

  it('links to nothing that is not in it', () => {
    rosters(ROSTERS, (random, roster) => {
      const sql = openStore()
      const { schools, ...rest } = chanceNarrowing(roster, random)
      const found = narrowed(sql, { schools: schools ?? ['sch0'], ...rest }, publish(sql, roster))
      const ids = new Map(
        [...found].map(([name, records]) => [name, new Set(records.map(({ sourcedId }) => sourcedId))]),
      )
      for (const { body, bodyV1p2 } of [...found.values()].flat()) {
        for (const [, collection = '', id = ''] of `${body}${bodyV1p2 ?? ''}`.matchAll(
          /"href":"\\\/(\w+)\/([^"]+)"/g,
        )) {
          expect(ids.get(collection), `${collection}/${id}`).toContain(id)
        }
      }
    })
  })

  it('is that of the generation asked for, whatever came before and after', () => {
    const sql = openStore()
    const random = seeded(77)
    const history = Array.from({ length: 4 }, () => chanceRoster(random))
    const generations = history.map((roster) => publish(sql, roster))
    history.forEach((roster, index) => {
      for (let nth = 0; nth < 10; nth += 1) {
        expectNarrowed(sql, roster, chanceNarrowing(roster, random), generations[index] ?? 0)
      }
    })
  })

  it('is empty for no school, and for a school that is not there', () => {
    const sql = openStore()
    const generation = publish(sql, chanceRoster(seeded(3)))
    for (const schools of [[], ['no such school']]) {
      expect([...narrowed(sql, { schools, contacts: true }, generation).values()].flat()).toEqual([])
    }
  })

  it('comes in batches that are short, in the order in which the main tables lie', () => {
    const sql = openStore()
    const roster = chanceRoster(seeded(4))
    const [user] = roster.users
    if (user === undefined) throw new Error('no user')
    const orgs = [{ collection: 'orgs', sourcedId: 'sch0' }]
    const users = Array.from({ length: 2_345 }, (_, index) => ({
      sourcedId: `many${(index * 7919) % 10_000}`,
      fields: { ...user.fields, role: 'student', orgs, agents: [] },
    }))
    const generation = publish(sql, { ...roster, users })
    const batches = [...narrowRoster(sql, { schools: ['sch0'], contacts: true }, generation)]
      .filter((batch) => batch?.collection === 'users')
      .map((batch) => batch?.records.map(({ sourcedId }) => sourcedId) ?? [])
    expect(Math.max(...batches.map(({ length }) => length))).toBe(100)
    expect(batches.flat()).toEqual(users.map(({ sourcedId }) => sourcedId).sort())
  })
})

describe('a record', () => {
  const trim = createTrimmer('users', (entity, id) => entity !== 'orgs' || id === 'sch2')
  const role = (org: string, name: string, roleType: string) =>
    `{"roleType":"${roleType}","role":"${name}","org":{"href":"\\/orgs/${org}","sourcedId":"${org}","type":"org"}}`
  const columns = STORAGE.find(({ name }) => name === 'users')?.columns ?? []
  const user = (roles: readonly string[], orgs: readonly string[], primaryOrg: string): StoredRecord => ({
    sourcedId: 'usr1',
    body: `"sourcedId":"usr1","status":"active","orgs":[${orgs.map((org) => `{"href":"\\/orgs/${org}","sourcedId":"${org}","type":"org"}`).join()}]}`,
    bodyV1p2: `"sourcedId":"usr1","status":"active","roles":[${roles.join()}],"primaryOrg":{"href":"\\/orgs/${primaryOrg}","sourcedId":"${primaryOrg}","type":"org"}}`,
    columns: columns.map(({ name }) => (name === 'primaryOrg' ? primaryOrg : null)),
    links: orgs.map((target) => ({ field: 'orgs', target })),
  })
  const rolesOf = (record: StoredRecord | undefined) => JSON.parse(`{${record?.bodyV1p2}`).roles

  it('that links to nothing outside is the very same, unread', () => {
    const record = { ...user([role('sch2', 'teacher', 'primary')], ['sch2'], 'sch2'), body: 'not JSON' }
    expect(trim(record)).toBe(record)
  })

  it('that has left every org is left out', () => {
    expect(trim(user([role('sch1', 'teacher', 'primary')], ['sch1'], 'sch1'))).toBeUndefined()
  })

  it('of several roles keeps one primary role in each org that is left', () => {
    const roles = [
      role('sch1', 'teacher', 'primary'),
      role('sch2', 'aide', 'secondary'),
      role('sch2', 'teacher', 'secondary'),
    ]
    const trimmed = trim(user(roles, ['sch1', 'sch2'], 'sch1'))
    expect(rolesOf(trimmed)).toMatchObject([
      { roleType: 'primary', role: 'aide' },
      { roleType: 'secondary', role: 'teacher' },
    ])
  })

  it('whose primary org leads out belongs to the org of its first role, in text and column', () => {
    const trimmed = trim(
      user([role('sch1', 'teacher', 'primary'), role('sch2', 'teacher', 'primary')], ['sch1', 'sch2'], 'sch1'),
    )
    expect(trimmed?.bodyV1p2).toContain('"primaryOrg":{"href":"\\/orgs/sch2","sourcedId":"sch2","type":"org"}')
    expect(trimmed?.columns[columns.findIndex(({ name }) => name === 'primaryOrg')]).toBe('sch2')
  })
})

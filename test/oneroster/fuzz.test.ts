import { expect, test } from 'vitest'
import { conditionOf } from '../../src/oneroster/condition.ts'
import { MAX_COMPARISONS, MAX_COMPARISONS_OF_TEXTS } from '../../src/oneroster/filter-resolve.ts'
import { linkHeader } from '../../src/oneroster/links.ts'
import { isOfStored, matchOperation, operationsOf } from '../../src/oneroster/operations.ts'
import { parseQuery } from '../../src/oneroster/query.ts'
import { SERVICES } from '../../src/oneroster/services.ts'
import { STATUS } from '../../src/oneroster/status-info.ts'
import { orderStatement } from '../../src/store/list-statement.ts'
import { type Random, seeded } from './random.ts'
import { createSnapshot } from './snapshot.ts'

const PLACE = { generation: 1, table: (name: string) => name }
const EVERY = SERVICES.flatMap((service) =>
  operationsOf(service).map((operation) => ({ version: service.version, operation })),
)

const PIECES = [
  'filter',
  'sort',
  'orderBy',
  'limit',
  'offset',
  'fields',
  'foo',
  '=',
  '=',
  '=',
  '&',
  '&',
  '?',
  '%',
  '%27',
  '%3D',
  '%20',
  '%zz',
  '+',
  "'",
  "'",
  "'",
  "''",
  '‘',
  '’',
  '"',
  '(',
  ')',
  ',',
  '.',
  '~',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  ' ',
  ' ',
  '\t',
  '\n',
  '\u0000',
  '\ud800',
  'é',
  ' AND ',
  ' OR ',
  ' and ',
  ' or ',
  'AND',
  'OR',
  'role',
  'status',
  'dateLastModified',
  'orgs.sourcedId',
  'userIds.identifier',
  'metadata.x',
  'grades',
  'school',
  'parent',
  'title',
  'beginDate',
  'primary',
  'familyName',
  '__proto__',
  'constructor',
  'active',
  'student',
  'true',
  '2024-01-01',
  'T10:00:00Z',
  '-1',
  '0',
  '1',
  '100',
  '99999999999999999999',
  'asc',
  'desc',
  ';--',
  '/*',
  '?1',
  '$',
  '\\',
  '[0]',
]

const LEGAL = [
  "role='student'",
  "status='active'",
  "dateLastModified>'2024-01-01'",
  "orgs='a,b'",
  "grades~'09,10'",
  "userIds.type!='x,y'",
  "metadata.a.b<'é'",
  "title~'A''B'",
  "school!='1'",
  "beginDate<='2024-02-01T10:00:00Z'",
  "primary='true'",
  "sourcedId>='x'",
  "parent.sourcedId='p'",
  "subjects='Arts, Music'",
  "dateLastModified!='2025-01-02T08:30:00.250Z'",
  "dateLastModified~'2025'",
]

function randomQuery(random: Random): string {
  const words = Array.from({ length: random.below(25) }, () => random.pick(PIECES)).join('')
  if (random.chance(0.3)) return words
  const clauses = Array.from({ length: 1 + random.below(4) }, () => random.pick(LEGAL))
  const filter = clauses.join(random.pick([' AND ', ' OR ']))
  const at = random.below(filter.length)
  const damaged = random.chance(0.4)
    ? filter.slice(0, at) + random.pick(PIECES) + filter.slice(at + random.below(2))
    : filter
  const rest = random.chance(0.3) ? `&sort=${random.pick(PIECES)}` : random.chance(0.2) ? `&${words}` : ''
  return `filter=${random.chance(0.5) ? encodeURIComponent(damaged.toWellFormed()) : damaged}${rest}`
}

test('60,000 random queries are read or refused, never thrown at, and what is read is SQL', () => {
  const random = seeded(20_250_901)
  const { db } = createSnapshot(1)
  const lists = EVERY.filter(({ operation }) => !operation.isSingle)
  let read = 0
  for (let round = 0; round < 60_000; round += 1) {
    const raw = randomQuery(random)
    const { version, operation } = random.pick(lists)
    const query = parseQuery(raw, operation.entity, { version, maxLimit: 10_000, single: false })
    if (!query.ok) {
      expect(STATUS[query.fault.outcome].httpStatus, raw).toBe(400)
      expect(query.fault.description.length, raw).toBeLessThan(1000)
      continue
    }
    read += 1
    if (!isOfStored(operation)) continue
    const parameters = {
      schoolId: 'a',
      classId: 'b',
      termId: 'c',
      courseId: 'd',
      userId: 'e',
      studentId: 'f',
      teacherId: 'g',
    }
    const condition = conditionOf({ operation, parameters, place: PLACE, filter: query.filter })
    const list = {
      table: operation.entity,
      generation: 1,
      where: [condition],
      changedSinceMs: undefined,
      order: query.sort,
    }
    const { statement, parameters: values } = orderStatement(list)
    expect(new TextDecoder().decode(db.prepare(statement).get(...values)?.seqs as Uint8Array), raw).toBe('[]')
    const header = linkHeader({ url: `https://h/p?${raw}`, offset: 10, limit: 10, total: 100 })
    expect(header.split(', '), raw).toHaveLength(4)
  }
  // Enough of both for the run to mean something.
  expect(read).toBeGreaterThan(15_000)
  expect(read).toBeLessThan(45_000)
}, 60_000)

test('hostile lengths do not keep the reader', () => {
  for (const piece of ["'", "''", "' ", "' AND ", "' and a", ' ', 'a.', "a='1' OR ", 'a', '%27', ',']) {
    for (const head of ['', "filter=role='", 'filter=']) {
      for (const { version, operation } of EVERY) {
        const raw = (head + piece.repeat(8000)).slice(0, 8192)
        parseQuery(raw, operation.entity, { version, maxLimit: 10_000, single: false })
      }
    }
  }
})

test('the largest filter stays within the parameters that an engine takes', () => {
  const clauses = [
    ...Array.from({ length: MAX_COMPARISONS_OF_TEXTS }, () => "metadata.x~'a,b'"),
    ...Array.from({ length: MAX_COMPARISONS - MAX_COMPARISONS_OF_TEXTS }, () => "children='a,b'"),
  ]
  const filter = clauses.join(' OR ')
  const query = parseQuery(`filter=${filter}&sort=metadata.x`, 'academicSessions', {
    version: 'v1p1',
    maxLimit: 10_000,
    single: false,
  })
  if (!query.ok) throw new Error(query.fault.description)
  for (const { operation } of EVERY) {
    if (!isOfStored(operation)) continue
    const parameters = {
      id: 'x',
      schoolId: 'a',
      classId: 'b',
      termId: 'c',
      courseId: 'd',
      userId: 'e',
      studentId: 'f',
      teacherId: 'g',
    }
    const condition = conditionOf({ operation, parameters, place: PLACE, filter: query.filter })
    expect(condition.parameters.length).toBeLessThanOrEqual(70)
    expect(condition.sql.match(/\?/g)).toHaveLength(condition.parameters.length)
  }
})

test('20,000 random paths are matched or unknown', () => {
  const random = seeded(7)
  const segments = [
    ...new Set(EVERY.flatMap(({ operation }) => operation.path.split('/'))),
    '',
    '%',
    '%2F',
    '*',
    '..',
    '%zz',
    '\ud800',
  ]
  for (let round = 0; round < 20_000; round += 1) {
    const path = Array.from({ length: random.below(7) }, () => random.pick(segments)).join('/')
    const match = matchOperation(random.pick(SERVICES), path)
    if (!match || !isOfStored(match.operation)) continue
    const { operation, parameters } = { ...match, operation: match.operation }
    expect(() => conditionOf({ operation, parameters, place: PLACE }), path).not.toThrow()
  }
})

// The SQL of filters and sorts against a slow twin that works on the JSON objects, over random records and filters.
import { describe, expect, test } from 'vitest'
import type { Collection, Version as OneRosterVersion } from '../../src/oneroster/model.ts'
import { ROSTERING } from '../../src/oneroster/services.ts'
import { type Random, seeded } from './random.ts'
import { ALIVE, createSnapshot, link, timeOf, type Version } from './snapshot.ts'

const GENERATIONS = 4
const NAMES = [
  'Ann',
  'ann',
  'ANN',
  'Émile',
  'émile',
  'E\u0301MILE',
  'Zoë',
  "O'Brien",
  'Ann Marie',
  'ß',
  'Ω',
  '𝒜',
  '\uffee',
]
const IDS = ['a', 'b', 'c', 'ab', 'B', '10', '9']
const ROLES = ['student', 'teacher', 'administrator']
const ENROLLMENT_ROLES = ['student', 'teacher', 'aide']
const GRADES = ['09', '10', 'KG', '1', 'kg']
const SUBJECTS = ['Art', 'art', 'Arts, Music', 'Music', 'Arts', 'Ökologie']
const DATES = ['2024-12-31', '2025-01-01', '2025-01-02', '2025-06-30']

/** How the twin compares a field, and values worth asking for. */
interface Kind {
  readonly compare: 'exact' | 'folded' | 'time' | 'boolean' | 'ids' | 'list' | 'foldedList'
  readonly values: readonly string[]
}

const time = (values: readonly string[]): Kind => ({ compare: 'time', values })
const exact = (values: readonly string[]): Kind => ({ compare: 'exact', values })
const MOMENTS = [
  ...[1, 2, 4].map(timeOf),
  timeOf(2).replace('Z', '+00:00'),
  timeOf(3).replace('.250Z', '.2501Z'),
  '2025-01-03',
  '2025-01-04T10:30:00.250+02:00',
  '2024-01-01',
  '2026-01-01',
]
const BASE: Readonly<Record<string, Kind>> = {
  sourcedId: exact(['r1', 'r10', 'R1', 'x']),
  status: exact(['active', 'tobedeleted', 'norecords']),
  dateLastModified: time(MOMENTS),
  'metadata.a': exact(['1', '2', 'true', 'Ann', 'ann']),
  'metadata.b.c': exact(['1', 'x']),
}
const V1P2_USERS: Readonly<Record<string, Kind>> = {
  ...BASE,
  username: { compare: 'folded', values: NAMES },
  'roles.role': {
    compare: 'list',
    values: ['student', 'teacher', 'siteAdministrator', 'administrator', 'student,teacher', 'teacher, teacher'],
  },
  'roles.roleType': { compare: 'list', values: ['primary', 'secondary'] },
  'roles.org.sourcedId': { compare: 'ids', values: [...IDS, 'a,b', '10,9,a'] },
  'primaryOrg.sourcedId': exact(IDS),
  grades: { compare: 'list', values: [...GRADES, '09,10', '1,x'] },
}
const FIELDS: Readonly<Partial<Record<Collection, Readonly<Record<string, Kind>>>>> = {
  users: {
    ...BASE,
    username: { compare: 'folded', values: NAMES },
    familyName: { compare: 'folded', values: NAMES },
    identifier: exact(IDS),
    enabledUser: { compare: 'boolean', values: ['true', 'false', 'TRUE'] },
    role: exact([...ROLES, 'none']),
    orgs: { compare: 'ids', values: [...IDS, 'a,b', 'b, a', 'a,x', ','] },
    'orgs.sourcedId': { compare: 'ids', values: [...IDS, '10,9,a'] },
    grades: { compare: 'list', values: [...GRADES, '09,10', '10,09,KG', '1,x'] },
    'userIds.identifier': { compare: 'list', values: [...IDS, 'a,b'] },
    'userIds.type': { compare: 'list', values: ['LocalId', 'localid', 'StateId', 'LocalId,StateId'] },
  },
  classes: {
    ...BASE,
    title: { compare: 'folded', values: NAMES },
    subjects: { compare: 'foldedList', values: [...SUBJECTS, 'art,music', 'MUSIC,Arts, Music'] },
    course: exact(IDS),
    'school.sourcedId': exact(IDS),
    terms: { compare: 'ids', values: [...IDS, 'a,b,c'] },
  },
  enrollments: {
    ...BASE,
    'user.sourcedId': exact(IDS),
    primary: { compare: 'boolean', values: ['true', 'False'] },
    beginDate: time([...DATES, '2025-01-01T12:00:00Z', '2025-01-01T00:00:00+01:00', '2025-01-02T00:00:00.000Z']),
    role: exact([...ENROLLMENT_ROLES, 'ext:aide', 'ext', 'ide']),
  },
  demographics: {
    ...BASE,
    sex: exact(['male', 'female', 'other', 'unspecified', 'ale', 'o']),
    birthDate: time(DATES),
  },
}

function some<T>(random: Random, items: readonly T[]): T[] {
  return [...new Set(Array.from({ length: random.below(4) }, () => random.pick(items)))]
}

function maybe<T>(random: Random, items: readonly T[]): T | undefined {
  return random.chance(0.75) ? random.pick(items) : undefined
}

const RECORDS: Readonly<Partial<Record<Collection, (random: Random) => Record<string, unknown>>>> = {
  users: (random) => ({
    username: random.pick(NAMES),
    familyName: random.pick(NAMES),
    identifier: maybe(random, IDS),
    enabledUser: random.chance(0.5),
    role: random.pick(ROLES),
    // A user without an org has no role in v1.2; the mapping lets none through.
    orgs: [random.pick(IDS), ...some(random, IDS)].map((id) => link('orgs', id)),
    grades: some(random, GRADES),
    userIds: some(random, IDS).map((identifier) => ({ type: maybe(random, ['LocalId', 'StateId']), identifier })),
  }),
  classes: (random) => ({
    title: random.pick(NAMES),
    subjects: some(random, SUBJECTS),
    course: link('courses', random.pick(IDS)),
    school: link('orgs', random.pick(IDS)),
    terms: some(random, IDS).map((id) => link('academicSessions', id)),
  }),
  enrollments: (random) => ({
    user: link('users', random.pick(IDS)),
    role: random.pick(ENROLLMENT_ROLES),
    primary: maybe(random, [true, false]),
    beginDate: maybe(random, DATES),
  }),
  demographics: (random) => ({
    sex: maybe(random, ['male', 'female', 'other', 'unspecified']),
    birthDate: maybe(random, DATES),
  }),
}

interface Seen {
  readonly object: Record<string, unknown>
  readonly born: number
  readonly died: number
}

function fill(random: Random, collection: Collection, count: number, version: OneRosterVersion) {
  const store = createSnapshot(GENERATIONS)
  const seen: Seen[] = []
  for (let number = 0; number < count; number += 1) {
    let born = 1 + random.below(GENERATIONS)
    while (born <= GENERATIONS) {
      const died = random.chance(0.6) ? ALIVE : born + 1 + random.below(GENERATIONS)
      const metadata = { a: maybe(random, ['1', '2', 'Ann', true]), 'b.c': maybe(random, ['1', 'x']) }
      const fields = RECORDS[collection]?.(random) ?? {}
      const stored: Version = { sourcedId: `r${number}`, fields, metadata, born, died, hasLeft: random.chance(0.2) }
      seen.push({ object: store.put(collection, stored)[version], born, died })
      born = died
    }
  }
  return { store, seen }
}

interface Clause {
  readonly field: string
  readonly predicate: string
  readonly value: string
}

const fold = (text: string) => text.normalize('NFC').toLowerCase()
const asciiLower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
const byCodePoint = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right))

/** Every value at a path: of a list all elements, of a link its sourcedId. */
function valuesAt(object: Record<string, unknown>, path: string): string[] {
  const metadataKey = /^metadata\.(.+)$/.exec(path)?.[1]
  const [name = '', member = 'sourcedId', inner] = path.split('.')
  const found = metadataKey ? (object.metadata as Record<string, unknown> | undefined)?.[metadataKey] : object[name]
  return [found].flat().flatMap((item) => {
    const outer = typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[member] : item
    const isDeeper = metadataKey === undefined && inner !== undefined
    const value = isDeeper ? (outer as Record<string, unknown> | undefined)?.[inner] : outer
    return typeof value === 'string' ? [value] : []
  })
}

function holds(predicate: string, order: number): boolean {
  if (predicate === '=') return order === 0
  if (predicate === '<') return order < 0
  if (predicate === '<=') return order <= 0
  return predicate === '>' ? order > 0 : order >= 0
}

function instant(text: string): number {
  const extra = /\.\d{3}(\d+)/.exec(text)?.[1] ?? ''
  return Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) + Number(`0.${extra || '0'}`)
}

/** The facts' rules, written down a second time. */
function matches(object: Record<string, unknown>, { field, predicate, value }: Clause, { compare }: Kind): boolean {
  const values = valuesAt(object, field)
  if (predicate === '!=') return !matches(object, { field, predicate: '=', value }, { compare, values: [] })
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  const asked = items.length === 0 ? [value] : items
  if (compare === 'ids') {
    if (predicate === '=') return asked.every((item) => values.includes(item))
    if (predicate === '~') return asked.some((item) => values.includes(item))
    return values.some((found) => holds(predicate, byCodePoint(found, value)))
  }
  if (compare === 'list' || compare === 'foldedList') {
    if (predicate === '~')
      return asked.some((item) => values.some((found) => asciiLower(found).includes(asciiLower(item))))
    const norm = compare === 'list' ? (text: string) => text : asciiLower
    const has = (item: string) => values.some((found) => norm(found) === norm(item))
    if (predicate === '=') return has(value) || asked.every(has)
    return values.some((found) => holds(predicate, byCodePoint(norm(found), norm(value))))
  }
  const [found] = values
  if (found === undefined) return false
  if (predicate === '~') {
    return compare === 'folded' ? fold(found).includes(fold(value)) : asciiLower(found).includes(asciiLower(value))
  }
  if (compare === 'time') return holds(predicate, instant(found) - instant(value))
  if (compare === 'boolean') return holds(predicate, byCodePoint(found, value.toLowerCase()))
  return holds(predicate, compare === 'folded' ? byCodePoint(fold(found), fold(value)) : byCodePoint(found, value))
}

function randomClauses(random: Random, fields: Readonly<Record<string, Kind>>): Clause[][] {
  return Array.from({ length: 1 + random.below(5) }, () =>
    Array.from({ length: 1 + random.below(3) }, () => {
      const field = random.pick(Object.keys(fields))
      const value = random.pick(fields[field]?.values ?? [])
      return { field, predicate: random.pick(['=', '=', '!=', '~', '<', '<=', '>', '>=']), value }
    }),
  )
}

function written(anyOf: readonly (readonly Clause[])[]): string {
  const clause = ({ field, predicate, value }: Clause) => `${field}${predicate}'${value.replaceAll("'", "''")}'`
  return anyOf.map((group) => group.map(clause).join(' AND ')).join(' OR ')
}

describe.each([
  ['users', 'v1p1', 31],
  ['classes', 'v1p1', 32],
  ['enrollments', 'v1p1', 33],
  ['users', 'v1p2', 34],
  ['enrollments', 'v1p2', 35],
  ['demographics', 'v1p1', 36],
  ['demographics', 'v1p2', 37],
] as const)('random filters over %s in %s', (collection, version, seed) => {
  const fields = (version === 'v1p2' && collection === 'users' ? V1P2_USERS : FIELDS[collection]) ?? {}
  const service = ROSTERING[version]

  test('find what the twin finds, in every generation', () => {
    const random = seeded(seed)
    const { store, seen } = fill(random, collection, 120, version)
    let hits = 0
    for (let round = 0; round < 1500; round += 1) {
      const anyOf = randomClauses(random, fields)
      const generation = 1 + random.below(GENERATIONS)
      const showsAll = anyOf.flat().some(({ field }) => field === 'status' || field === 'dateLastModified')
      const expected = seen
        .filter(({ born, died }) => born <= generation && died > generation)
        .map(({ object }) => object)
        .filter((object) => showsAll || object.status === 'active')
        .filter((object) =>
          anyOf.some((group) =>
            group.every((clause) => matches(object, clause, fields[clause.field] ?? { compare: 'exact', values: [] })),
          ),
        )
        .map(({ sourcedId }) => String(sourcedId))
        .sort(byCodePoint)
      const filter = written(anyOf)
      expect(store.read(`/${collection}`, `filter=${encodeURIComponent(filter)}`, generation, service), filter).toEqual(
        expected,
      )
      hits += expected.length > 0 ? 1 : 0
    }
    expect(hits).toBeGreaterThan(500)
  })

  test.each(Object.keys(fields))('sort by %s as the twin does, missing values last', (field) => {
    const { store, seen } = fill(seeded(seed + 100), collection, 60, version)
    const visible = seen.filter(
      ({ object, born, died }) => object.status === 'active' && born <= GENERATIONS && died > GENERATIONS,
    )
    for (const [orderBy, sign] of [
      ['asc', 1],
      ['desc', -1],
    ] as const) {
      const expected = visible
        .map(({ object }) => ({ id: String(object.sourcedId), value: valuesAt(firstOnly(object, field), field)[0] }))
        .sort((left, right) => {
          if (left.value === undefined || right.value === undefined) {
            const order = Number(left.value === undefined) - Number(right.value === undefined)
            return order || sign * byCodePoint(left.id, right.id)
          }
          return sign * (byCodePoint(left.value, right.value) || byCodePoint(left.id, right.id))
        })
        .map(({ id }) => id)
      expect(store.read(`/${collection}`, `sort=${field}&orderBy=${orderBy}`, GENERATIONS, service)).toEqual(expected)
    }
  })
})

/** A list sorts by its first element, even where that lacks the member. */
function firstOnly(object: Record<string, unknown>, path: string): Record<string, unknown> {
  const [name = ''] = path.split('.')
  const value = object[name]
  return Array.isArray(value) ? { ...object, [name]: value.slice(0, 1) } : object
}

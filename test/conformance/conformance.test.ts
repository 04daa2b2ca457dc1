// Every reading operation of the official documents, asked in every way, and every answer laid beside their shapes.
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { PUBLIC_URL } from '../support/known.ts'
import { ask, expectAnswers } from './ask.ts'
import type { Entity } from './entities.ts'
import { hasRecords, isNested, LISTS, NESTED, OPERATIONS, type Operation, READABLE, SINGLES } from './operations.ts'
import { parentsOf, placesOf } from './places.ts'
import { openRichBridge } from './rich-bridge.ts'
import { schemasFor } from './validate.ts'

const bridge = await openRichBridge()

const TOP = LISTS.filter((operation) => !isNested(operation))
const shapeOf = (operation: Operation) =>
  schemasFor(operation, { publicUrl: PUBLIC_URL })[operation.entity]?.shape ?? {}
const fieldsOf = (operation: Operation): readonly string[] => Object.keys(shapeOf(operation))
/** Neither links, lists nor metadata have an order. */
const sortableOf = (operation: Operation): readonly string[] =>
  Object.entries(shapeOf(operation)).flatMap(([name, schema]) => {
    const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema
    return [z.ZodArray, z.ZodObject, z.ZodRecord].some((kind) => inner instanceof kind) ? [] : [name]
  })

const PAGES = [
  '',
  'limit=1',
  'limit=10000',
  'limit=3&offset=1',
  'limit=2&offset=2',
  'offset=1000000',
  "filter=status%3D'active'",
  "filter=status='tobedeleted'",
  "limit=4&filter=dateLastModified>'2000-01-01'",
  'filter=dateLastModified%3E%272026-11-18T18:30:00.000Z%27&limit=10000',
  "filter=sourcedId~'1'+AND+status!='tobedeleted'&sort=sourcedId&orderBy=desc&limit=2",
  'limit=2&filter=sourcedId!=%27%2C%22%3C%3E%C3%A9+%2B%27',
  'sort=dateLastModified',
  'sort=status&orderBy=desc&limit=2&offset=1',
  'fields=sourcedId',
  'fields=sourcedId,status&limit=3',
  'fields=dateLastModified&fields=status&limit=3',
  'limit=2&stray=1,2&offset=2&sort=sourcedId&orderBy=desc&fields=sourcedId%2CdateLastModified',
]

describe('a list', () => {
  test.each(READABLE)('$version $name: every page', async (operation) => {
    for (const place of await placesOf(bridge, operation)) {
      await expectAnswers(bridge, operation, ...PAGES.map((query) => ({ ...place, query, due: 200 })))
    }
  })

  test.each(TOP)('$version $name: exactly the field that was asked for', async (operation) => {
    const queries = fieldsOf(operation).map((field) => `fields=${field}&limit=50`)
    await expectAnswers(bridge, operation, ...queries.map((query) => ({ query, due: 200 })))
  })

  test.each(TOP)('$version $name: in the order of any field that has one value', async (operation) => {
    const queries = sortableOf(operation).flatMap((field) => [
      `sort=${field}&limit=5`,
      `sort=${field}&orderBy=DESC&limit=5&offset=5`,
    ])
    const answers = await expectAnswers(bridge, operation, ...queries.map((query) => ({ query, due: 200 })))
    expect(answers.filter(({ body }) => JSON.stringify(body).includes('statusInfoSet'))).toEqual([])
  })

  test.each(READABLE)('$version $name: HEAD', async (operation) => {
    const [place] = await placesOf(bridge, operation)
    const queries = ['', 'limit=2&offset=2', 'fields=sourcedId', "filter=status='active'"]
    const asks = queries.map((query) => ({ ...place, query, method: 'HEAD', due: 200 }))
    await expectAnswers(bridge, operation, ...asks)
  })

  test.each(READABLE.filter(hasRecords))('$version $name: an unchanged page is 304', async (operation) => {
    const [place] = await placesOf(bridge, operation)
    const tag = (await ask(bridge, operation, { ...place })).headers.get('etag') ?? ''
    await expectAnswers(bridge, operation, { ...place, headers: { 'if-none-match': tag }, due: 304 })
    await expectAnswers(bridge, operation, { ...place, headers: { 'if-none-match': '"another"' }, due: 200 })
  })

  test.each(NESTED)('$version $name: below an unknown parent', async (operation) => {
    const due = operation.version === 'v1p2' && operation.service !== 'rostering' ? 404 : 200
    const [known = {}] = await parentsOf(bridge, operation)
    const halves = Object.entries(known).map(([name, id]) => ({ parameters: { [name]: id }, due }))
    await expectAnswers(bridge, operation, { due }, ...(halves.length > 1 ? halves : []))
  })
})

test('1.1 also has the categories of a class, which Google Classroom asks for', async () => {
  const like = LISTS.find(({ version, name }) => version === 'v1p2' && name === 'getCategoriesForClass')
  if (like === undefined) throw new Error('1.2 has no categories of a class')
  const operation: Operation = { ...like, version: 'v1p1' }
  const [known] = await placesOf(bridge, operation)
  await expectAnswers(bridge, operation, { ...known, due: 200 }, { due: 200 })
})

describe('a single object', () => {
  test.each(SINGLES)('$version $name: as the list has it, by its id', async (operation) => {
    const path = operation.path.replace('/{sourcedId}', '')
    const list = TOP.find((one) => one.version === operation.version && one.path === path)
    if (list === undefined) throw new Error(`${path} has no list`)
    // With those that have left, which are found as long as they are kept.
    const { rows } = await ask(bridge, list, { query: "limit=10000&filter=dateLastModified>'2000-01-01'" })
    expect(rows.length > 0).toBe(hasRecords(operation))
    for (const row of rows.filter((_, index) => index % Math.ceil(rows.length / 20) === 0)) {
      const parameters = { sourcedId: row.sourcedId }
      const [single] = await expectAnswers(
        bridge,
        operation,
        { parameters, due: 200 },
        { parameters, method: 'HEAD', due: 200 },
        { parameters, query: 'fields=sourcedId,status', due: 200 },
        { parameters, query: 'fields=dateLastModified', due: 200 },
        { parameters, query: 'limit=x&filter=x&sort=x', due: 200 },
        { parameters, query: 'fields=', due: 400 },
        { parameters, query: 'fields=nothing', due: operation.version === 'v1p1' ? 200 : 400 },
      )
      expect(single?.rows).toEqual([row])
    }
  })

  test.each(SINGLES)('$version $name: 404 where there is none', async (operation) => {
    const ids = [' ', "o'hara", 'x'.repeat(300)]
    const asks = ids.map((sourcedId) => ({ parameters: { sourcedId }, due: 404 }))
    await expectAnswers(bridge, operation, { due: 404 }, { method: 'HEAD', due: 404 }, ...asks)
  })
})

describe('what the documents list is covered', () => {
  test('61 operations of 1.1; 41, 35 and 5 of the services of 1.2', () => {
    const count = (version: string, service?: string) =>
      OPERATIONS.filter((one) => one.version === version && (service === undefined || one.service === service)).length
    expect(count('v1p1')).toBe(61)
    expect(['rostering', 'gradebook', 'resources'].map((service) => count('v1p2', service))).toEqual([41, 35, 5])
  })

  /** What no source of the bridge gives yet. */
  const UNSEEN: Readonly<Record<'v1p1' | 'v1p2', Readonly<Partial<Record<Entity, readonly string[]>>>>> = {
    v1p1: { course: ['resources'], class: ['resources'] },
    v1p2: { course: ['resources'], class: ['resources'], user: ['userProfiles', 'resources'] },
  }
  const WITH_TOMBSTONES: readonly Entity[] = ['course', 'class', 'user', 'enrollment', 'demographics']

  test.each(TOP.filter((operation) => hasRecords(operation) && operation.path === operation.key))(
    '$version $name: every field, every token, and tombstones have been seen',
    async (operation) => {
      const query = "limit=10000&filter=dateLastModified>'2000-01-01'"
      const [list] = await expectAnswers(bridge, operation, { query, due: 200 })
      const rows = list?.rows ?? []
      const seen = new Set(rows.flatMap((row) => Object.keys(row)))
      const unseen = fieldsOf(operation).filter((field) => !seen.has(field))
      expect(unseen).toEqual(UNSEEN[operation.version][operation.entity] ?? [])
      const hasTombstones = rows.some(({ status }) => status === 'tobedeleted')
      expect(hasTombstones).toBe(WITH_TOMBSTONES.includes(operation.entity))
      expect(tokensIn(rows)).toEqual(TOKENS[operation.version][operation.entity] ?? [])
    },
  )
})

/** The tokens of `role` and of `roles` in the records, in order. */
function tokensIn(rows: readonly Readonly<Record<string, unknown>>[]): unknown[] {
  const told = rows.flatMap(({ role, roles }) => [role, roles ?? []].flat())
  const tokens = told.map((one) => (typeof one === 'object' && one !== null && 'role' in one ? one.role : one))
  return [...new Set(tokens.filter((token) => token !== undefined))].sort()
}

const PEOPLE = ['guardian', 'parent', 'proctor', 'relative']
const TOKENS: Readonly<Record<'v1p1' | 'v1p2', Readonly<Partial<Record<Entity, readonly string[]>>>>> = {
  v1p1: {
    user: ['administrator', 'aide', ...PEOPLE, 'student', 'teacher'],
    enrollment: ['administrator', 'aide', 'proctor', 'student', 'teacher'],
  },
  v1p2: {
    user: ['aide', 'districtAdministrator', ...PEOPLE, 'siteAdministrator', 'student', 'teacher'],
    enrollment: ['administrator', 'ext:aide', 'proctor', 'student', 'teacher'],
  },
}

// Every operation of the official documents, asked in every way, and every answer laid beside the documents' shapes.
import { describe, expect, test } from 'vitest'
import type { Entity } from './entities.ts'
import { isNested, OPERATIONS, type Operation, readScopes } from './operations.ts'
import {
  type Ask,
  ask,
  type Judged,
  LISTS,
  minorOf,
  NESTED,
  openRichBridge,
  parentsOf,
  READS,
  type Row,
  SINGLES,
  tokenOf,
  WRITES,
} from './support.ts'
import { schemasFor } from './validate.ts'

const bridge = await openRichBridge()
const publicUrl = 'https://bridge.example.org'

const isEmpty = ({ service }: Operation) => service !== 'rostering'
const fieldsOf = (operation: Operation): readonly string[] =>
  Object.keys(schemasFor(operation, { publicUrl })[operation.entity]?.shape ?? {})

/** Asks for each of these and answers their faults, and where a status is another than the one that is due. */
async function faultsOf(operation: Operation, asks: readonly (Ask & { readonly due?: number })[]): Promise<string[]> {
  const answers: [number, Judged][] = []
  for (const how of asks) answers.push([how.due ?? 200, await ask(bridge, operation, how)])
  return answers.flatMap(([due, { status, faults }], index) => [
    ...faults,
    ...(status === due ? [] : [`${JSON.stringify(asks[index])} answered ${status}, not ${due}`]),
  ])
}

/** Where a list can be read: as it is, or below some real parents. */
async function placesOf(operation: Operation): Promise<readonly Ask[]> {
  if (!isNested(operation)) return [{}]
  return (await parentsOf(bridge, operation)).map((parameters) => ({ parameters }))
}

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
  'sort=dateLastModified',
  'sort=status&orderBy=desc&limit=2&offset=1',
  'fields=sourcedId',
  'fields=sourcedId,status&limit=3',
  'fields=dateLastModified&fields=status&limit=3',
  'limit=2&stray=1,2&offset=2&sort=sourcedId&orderBy=desc&fields=sourcedId%2CdateLastModified',
]

describe('a list', () => {
  test.each(LISTS)('$version $name: every page', async (operation) => {
    for (const place of await placesOf(operation)) {
      expect(
        await faultsOf(
          operation,
          PAGES.map((query) => ({ ...place, query })),
        ),
      ).toEqual([])
    }
  })

  test.each(LISTS.filter((operation) => !isNested(operation)))(
    '$version $name: exactly the field that was asked for',
    async (operation) => {
      const asks = fieldsOf(operation).map((field) => ({ query: `fields=${field}&limit=50` }))
      expect(await faultsOf(operation, asks)).toEqual([])
    },
  )

  test.each(LISTS)('$version $name: HEAD', async (operation) => {
    const [place] = await placesOf(operation)
    const asks = ['', 'limit=2&offset=2', 'fields=sourcedId', "filter=status='active'"]
    expect(
      await faultsOf(
        operation,
        asks.map((query) => ({ ...place, query, method: 'HEAD' })),
      ),
    ).toEqual([])
  })

  test.each(LISTS)('$version $name: an unchanged page is 304', async (operation) => {
    const [place] = await placesOf(operation)
    const tag = (await ask(bridge, operation, { ...place })).headers.get('etag') ?? ''
    const headers = { 'if-none-match': tag }
    expect(await faultsOf(operation, [{ ...place, headers, due: place === undefined ? 404 : 304 }])).toEqual([])
  })
})

/** Query → what 1.1 calls it, and 1.2. */
const REFUSED: readonly (readonly [query: string, v1p1: string, v1p2: string])[] = [
  ['filter=x', 'invalid_filter_field', 'invalid_filter_field'],
  ["filter=nothing%3D'1'", 'invalid_filter_field', 'invalid_filter_field'],
  ["filter=dateLastModified>'abc'", 'invalid_filter_field', 'invalid_filter_field'],
  ["filter=status='active'%20AND", 'invalid_filter_field', 'invalid_filter_field'],
  ['limit=0', 'invalid data', 'invaliddata'],
  ['limit=abc', 'invalid data', 'invaliddata'],
  ['limit=', 'invalid data', 'invaliddata'],
  ['limit=10001', 'invalid data', 'invaliddata'],
  ['offset=-1', 'invalid data', 'invaliddata'],
  ['orderBy=up', 'invalid data', 'invaliddata'],
  ['fields=', 'invalid_blank_selection_field', 'invalid_selection_field'],
]

describe('a bad query', () => {
  test.each(LISTS)('$version $name: is refused in its own words', async (operation) => {
    const [place] = await placesOf(operation)
    for (const [query, v1p1, v1p2] of REFUSED) {
      const judged = await ask(bridge, operation, { ...place, query })
      expect(judged.faults).toEqual([])
      expect([query, judged.status, minorOf(judged.body)]).toEqual([
        query,
        400,
        operation.version === 'v1p1' ? v1p1 : v1p2,
      ])
    }
  })

  test.each(LISTS)('$version $name: an unknown field to show or sort by', async (operation) => {
    const [place] = await placesOf(operation)
    const show = await ask(bridge, operation, { ...place, query: 'fields=sourcedId,nothing' })
    const sort = await ask(bridge, operation, { ...place, query: 'sort=nothing' })
    expect([...show.faults, ...sort.faults]).toEqual([])
    const isOld = operation.version === 'v1p1'
    if (place === undefined) return
    expect([show.status, minorOf(show.body)]).toEqual([isOld ? 200 : 400, 'invalid_selection_field'])
    expect([sort.status, minorOf(sort.body)]).toEqual([200, isOld ? 'invalid_sort_field' : undefined])
  })
})

describe('a single object', () => {
  test.each(SINGLES)('$version $name: as the list has it, by its id', async (operation) => {
    const list = LISTS.find(
      ({ version, path }) => version === operation.version && `${path}/{sourcedId}` === operation.path,
    )
    const { rows } = await ask(bridge, list ?? operation, { query: 'limit=10000' })
    expect(rows.length > 0).toBe(!isEmpty(operation))
    const some = rows.filter((_, index) => index % Math.ceil(rows.length / 20) === 0)
    for (const row of some) {
      const parameters = { sourcedId: row.sourcedId }
      const single = await ask(bridge, operation, { parameters })
      expect([single.status, ...single.faults]).toEqual([200])
      expect(single.rows).toEqual([row])
      const asks = [
        { query: 'fields=sourcedId,status' },
        { query: 'fields=dateLastModified' },
        { method: 'HEAD' },
        { query: 'limit=x&filter=x' },
        { query: 'fields=', due: 400 },
        { query: 'fields=nothing', due: operation.version === 'v1p1' ? 200 : 400 },
      ]
      expect(
        await faultsOf(
          operation,
          asks.map((how) => ({ ...how, parameters })),
        ),
      ).toEqual([])
    }
  })

  test.each(SINGLES)('$version $name: 404 where there is none', async (operation) => {
    const unknown = ['%20', "o'hara", 'x'.repeat(300)].map((sourcedId) => ({ parameters: { sourcedId }, due: 404 }))
    expect(await faultsOf(operation, [{ due: 404 }, { due: 404, method: 'HEAD' }, ...unknown])).toEqual([])
  })
})

test.each(NESTED)('$version $name: below an unknown parent', async (operation) => {
  const has404 = operation.version === 'v1p2' && operation.service !== 'rostering'
  const [known] = await parentsOf(bridge, operation)
  const halves = Object.entries(known ?? {}).map(([name, id]) => ({ parameters: { [name]: id } }))
  const asks = [{}, ...(halves.length > 1 ? halves : [])].map((how) => ({ ...how, due: has404 ? 404 : 200 }))
  expect(await faultsOf(operation, asks)).toEqual([])
})

describe('who may', () => {
  test.each(OPERATIONS)('$version $name: 401 without a token', async (operation) => {
    const asks = [{ token: null }, { token: 'abc' }, { token: null, query: 'limit=0' }]
    expect(
      await faultsOf(
        operation,
        asks.map((how) => ({ ...how, due: 401 })),
      ),
    ).toEqual([])
  })

  test.each(READS)('$version $name: 403 without one of its scopes', async (operation) => {
    const [place] = await placesOf(operation)
    for (const scope of [...readScopes('v1p1'), ...readScopes('v1p2')]) {
      const token = await tokenOf(bridge, scope)
      const judged = await ask(bridge, operation, { ...place, token })
      expect(judged.faults).toEqual([])
      expect([scope, judged.status === 403]).toEqual([scope, !operation.scopes.includes(scope)])
    }
  })
})

test.each(WRITES)('$version $name: 405 until there is a gradebook', async (operation) => {
  expect(await faultsOf(operation, [{ due: 405 }])).toEqual([])
})

test.each(READS)('$version $name: 405 to another method', async (operation) => {
  const methods = ['PATCH', 'OPTIONS', ...(isEmpty(operation) ? [] : ['PUT', 'DELETE', 'POST'])]
  expect(
    await faultsOf(
      operation,
      methods.map((method) => ({ method, due: 405 })),
    ),
  ).toEqual([])
})

describe('the documents are covered', () => {
  test('the table holds 61 operations of 1.1, and 41, 36 and 5 of the services of 1.2', () => {
    const count = (version: string, service?: string) =>
      OPERATIONS.filter((one) => one.version === version && (service === undefined || one.service === service)).length
    expect([count('v1p1'), count('v1p2', 'rostering'), count('v1p2', 'gradebook'), count('v1p2', 'resources')]).toEqual(
      [61, 41, 35, 5],
    )
  })

  /** What no source of the bridge gives yet, so no answer has shown it. */
  const UNSEEN: Readonly<Record<'v1p1' | 'v1p2', Readonly<Partial<Record<Entity, readonly string[]>>>>> = {
    v1p1: { course: ['resources'], class: ['resources'] },
    v1p2: { course: ['resources'], class: ['resources'], user: ['userProfiles', 'resources'] },
  }

  test.each(LISTS.filter((operation) => !isNested(operation) && !isEmpty(operation)))(
    '$version $name: every field has been seen, and tombstones have been',
    async (operation) => {
      const { rows } = await ask(bridge, operation, { query: "limit=10000&filter=dateLastModified>'2000-01-01'" })
      if (operation.path !== `${operation.key}`) return
      const seen = new Set(rows.flatMap((row) => Object.keys(row)))
      const unseen = fieldsOf(operation).filter((field) => !seen.has(field))
      expect(unseen.filter((field) => field !== 'metadata')).toEqual(UNSEEN[operation.version][operation.entity] ?? [])
      const left = ['class', 'user', 'enrollment', 'demographics'].includes(operation.entity)
      expect(rows.some((row: Row) => row.status === 'tobedeleted')).toBe(left)
    },
  )
})

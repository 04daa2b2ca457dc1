// Every refusal of every operation, laid beside the status payloads of the official documents.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { openSharedBridge } from '../http/support.ts'
import { ask, expectAnswers, expectConform, minorOf } from './ask.ts'
import { hasRecords, LISTS, OPERATIONS, READABLE, READS, readScopes, WRITES } from './operations.ts'
import { placesOf } from './places.ts'
import { openRichBridge } from './rich-bridge.ts'
import { addConsumer, tokenOf } from './tokens.ts'

const bridge = await openRichBridge()

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
  test.each(READABLE)('$version $name: 400 in the words of its fault', async (operation) => {
    const [place] = await placesOf(bridge, operation)
    for (const [query, v1p1, v1p2] of REFUSED) {
      const { body, faults, status } = await ask(bridge, operation, { ...place, query })
      expectConform(faults)
      expect([query, status, minorOf(body)]).toEqual([query, 400, operation.version === 'v1p1' ? v1p1 : v1p2])
    }
  })

  test.each(READABLE)('$version $name: an unknown field to show or to sort by', async (operation) => {
    const [place] = await placesOf(bridge, operation)
    const isOld = operation.version === 'v1p1'
    const [show, sort] = await expectAnswers(
      bridge,
      operation,
      { ...place, query: 'fields=sourcedId,nothing', due: isOld ? 200 : 400 },
      { ...place, query: 'sort=nothing', due: 200 },
    )
    expect(minorOf(show?.body)).toBe('invalid_selection_field')
    expect(minorOf(sort?.body)).toBe(isOld ? 'invalid_sort_field' : undefined)
  })
})

describe('who may', () => {
  test.each(OPERATIONS)('$version $name: 401 without a token', async (operation) => {
    const asks = [{ token: null }, { token: 'abc' }, { token: null, query: 'limit=0' }]
    await expectAnswers(bridge, operation, ...asks.map((how) => ({ ...how, due: 401 })))
  })

  test.each(READS)('$version $name: 403 without one of its scopes', async (operation) => {
    const [place] = await placesOf(bridge, operation)
    for (const scope of [...readScopes('v1p1'), ...readScopes('v1p2')]) {
      const { status, faults } = await ask(bridge, operation, { ...place, token: await tokenOf(bridge, scope) })
      expectConform(faults)
      expect([scope, status === 403]).toEqual([scope, !operation.scopes.includes(scope)])
    }
  })
})

describe('what is not built or not meant', () => {
  test.each(WRITES)('$version $name: 405 until there is a gradebook', async (operation) => {
    await expectAnswers(bridge, operation, { due: 405 })
  })

  test.each(READS)('$version $name: 405 to another method', async (operation) => {
    const methods = ['PATCH', 'OPTIONS', ...(hasRecords(operation) ? ['PUT', 'DELETE', 'POST'] : [])]
    await expectAnswers(bridge, operation, ...methods.map((method) => ({ method, due: 405 })))
  })
})

describe('not now', async () => {
  const district = createDistrict({ students: 10, seed: 1, today: '2026-11-18' })
  const waiting = await openSharedBridge({ district })

  test.each(OPERATIONS)('$version $name: 503 before the first snapshot', async (operation) => {
    await expectAnswers(waiting, operation, { due: 503 })
  })

  test.each(LISTS)('$version $name: 429 above the rate of the consumer', async (operation) => {
    const token = await addConsumer(bridge, { name: `hurried ${operation.name}`, requestsPerMinute: 1 })
    const { faults } = await ask(bridge, operation, { token })
    expectConform(faults)
    await expectAnswers(bridge, operation, { token, due: 429 })
  })
})

describe('a consumer that asked for native booleans', async () => {
  const token = await addConsumer(bridge, { name: 'native', switches: ['nativeBooleans'] })

  test.each(READABLE)('$version $name: gets them in 1.1 alone', async (operation) => {
    const nativeBooleans = operation.version === 'v1p1'
    for (const place of await placesOf(bridge, operation)) {
      for (const query of ['limit=10000', 'limit=10&fields=sourcedId,status']) {
        await expectAnswers(bridge, operation, { ...place, query, token, nativeBooleans, due: 200 })
      }
    }
  })
})

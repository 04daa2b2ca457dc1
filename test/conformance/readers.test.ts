// What a reader of the whole roster relies on: both versions agree, links lead on, and no other way of asking changes it.
import { describe, expect, test } from 'vitest'
import { bearer, request } from '../http/support.ts'
import { ask, expectAnswers } from './ask.ts'
import { hasRecords, isNested, LISTS, type Operation } from './operations.ts'
import { placesOf } from './places.ts'
import { openRichBridge } from './rich-bridge.ts'
import { addConsumer, tokenOf } from './tokens.ts'

const bridge = await openRichBridge()
const ROSTERING = LISTS.filter(hasRecords)
const TOP = ROSTERING.filter((operation) => !isNested(operation))

const sameIn1p2 = ({ name }: Operation) => LISTS.find((one) => one.version === 'v1p2' && one.name === name)

test.each(ROSTERING.filter(({ version }) => version === 'v1p1'))(
  'both versions list the same: $name',
  async (operation) => {
    const other = sameIn1p2(operation)
    if (other === undefined) throw new Error(`1.2 has no ${operation.name}`)
    for (const place of await placesOf(bridge, operation)) {
      const queries = ['limit=10000', "limit=10000&filter=dateLastModified>'2000-01-01'", 'sort=sourcedId&orderBy=desc']
      for (const query of queries) {
        const [old, young] = [
          await ask(bridge, operation, { ...place, query }),
          await ask(bridge, other, { ...place, query }),
        ]
        const told = ({ rows }: typeof old) => rows.map((row) => [row.sourcedId, row.status, row.dateLastModified])
        expect(told(young)).toEqual(told(old))
        expect(young.headers.get('x-total-count')).toBe(old.headers.get('x-total-count'))
      }
    }
  },
)

test.each(['v1p1', 'v1p2'])('every link of %s can be followed', async (version) => {
  const token = await tokenOf(bridge)
  const addresses = new Set<string>()
  for (const operation of TOP.filter((one) => one.version === version)) {
    const { rows } = await ask(bridge, operation, { query: 'limit=10000' })
    for (const [, href] of JSON.stringify(rows).matchAll(/"href":"([^"]+)"/g)) addresses.add(href ?? '')
  }
  expect(addresses.size).toBeGreaterThan(100)
  for (const address of addresses) {
    const answer = await request(bridge, new URL(address).pathname, { headers: bearer(token) })
    expect([address, answer.status]).toEqual([address, 200])
  }
})

test.each(ROSTERING)('$version $name is the same when it is zipped', async (operation) => {
  for (const place of await placesOf(bridge, operation)) {
    for (const query of [
      'limit=10000',
      'limit=3&offset=2',
      'fields=sourcedId',
      "limit=20&filter=status='active'&sort=status",
    ]) {
      const headers = { 'accept-encoding': 'gzip' }
      const [plain, zipped] = await expectAnswers(
        bridge,
        operation,
        { ...place, query, due: 200 },
        { ...place, query, headers, due: 200 },
      )
      expect(zipped?.body).toEqual(plain?.body)
      const isWorthIt = JSON.stringify(plain?.body).length > 8192
      if (isWorthIt) expect(zipped?.headers.get('content-encoding')).toBe('gzip')
      expect(plain?.headers.has('content-encoding')).toBe(false)
    }
  }
})

describe('behind a proxy with a prefix', async () => {
  const publicUrl = 'https://sis.example.org/or'
  const other = await openRichBridge({ PUBLIC_URL: publicUrl })

  test.each(ROSTERING)('$version $name', async (operation) => {
    for (const place of await placesOf(other, operation)) {
      const queries = ['', 'limit=2&offset=1', "filter=status='active'&limit=2"]
      await expectAnswers(other, operation, ...queries.map((query) => ({ ...place, query, publicUrl, due: 200 })))
    }
  })
})

describe.each<[string, Readonly<Record<string, unknown>>]>([
  ['narrowed to a school', { schools: ['1010'] }],
  ['narrowed to two schools, without contacts', { schools: ['1010', '1030'], withheld: ['contacts'] }],
  ['without contacts', { withheld: ['contacts'] }],
])('a consumer %s', async (name, wanted) => {
  const token = await addConsumer(bridge, { name, ...wanted })
  bridge.clock.now += 60_000
  await bridge.syncNow()

  test.each(ROSTERING)('$version $name conforms and leads nowhere else', async (operation) => {
    const seen = new Set<string>()
    for (const one of TOP.filter(({ version }) => version === operation.version)) {
      const { rows } = await ask(bridge, one, { token, query: 'limit=10000' })
      for (const { sourcedId } of rows) seen.add(`${one.key}/${sourcedId}`)
    }
    for (const place of await placesOf(bridge, operation)) {
      const asks = ['limit=10000', 'limit=2&offset=1'].map((query) => ({ ...place, query, token, due: 200 }))
      const [whole] = await expectAnswers(bridge, operation, ...asks)
      const led = [...JSON.stringify(whole?.body).matchAll(/\/v1p[12]\/(\w+\/[^"/]+)"/g)].map(([, to]) => to ?? '')
      expect(led.filter((to) => !seen.has(to))).toEqual([])
      if (!isNested(operation)) expect(whole?.rows).not.toEqual([])
    }
  })
})

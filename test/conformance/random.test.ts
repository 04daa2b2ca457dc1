// Seeded random pages of any list: whatever is asked together, the page, its counts and its links fit.
import { expect, test } from 'vitest'
import { createRandom, type Random } from '../../fixtures/powerschool/random.ts'
import { PUBLIC_URL } from '../support/known.ts'
import { type Ask, ask, expectAnswers } from './ask.ts'
import { hasRecords, type Operation, READABLE } from './operations.ts'
import { placesOf } from './places.ts'
import { openRichBridge } from './rich-bridge.ts'
import { schemasFor } from './validate.ts'

const bridge = await openRichBridge()
const LISTS = READABLE.filter(hasRecords)
const ROUNDS = 1500

/** Of one to three clauses, with values that stand in the list. */
async function randomFilter(random: Random, operation: Operation, place: Ask): Promise<string> {
  const { rows } = await ask(bridge, operation, { ...place, query: 'limit=10000' })
  if (rows.length === 0) return "sourcedId>='a'"
  const clause = (): string => {
    if (random.chance(0.1)) return `sourcedId~'${random.int(0, 99)}'`
    const [field, value] = random.pick(Object.entries(random.pick(rows)).filter(([, told]) => typeof told === 'string'))
    return `${field}${random.pick(['=', '!=', '>', '>=', '<', '<='])}'${value}'`
  }
  const clauses = Array.from({ length: random.int(1, 3) }, clause)
  return clauses.join(random.pick([' AND ', ' OR ']))
}

function randomFields(random: Random, operation: Operation): string {
  const shape = schemasFor(operation, { publicUrl: PUBLIC_URL })[operation.entity]?.shape ?? {}
  const names = Object.keys(shape)
  return Array.from({ length: random.int(1, 5) }, () => random.pick(names)).join(',')
}

test(`${ROUNDS} pages`, async () => {
  const random = createRandom(20261118)
  let rows = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const operation = random.pick(LISTS)
    const place = random.pick(await placesOf(bridge, operation))
    const query = new URLSearchParams()
    if (random.chance(0.5)) query.set('limit', String(random.int(1, 40)))
    if (random.chance(0.5)) query.set('offset', String(random.int(0, 60)))
    if (random.chance(0.5)) query.set('filter', await randomFilter(random, operation, place))
    if (random.chance(0.3)) query.set('fields', randomFields(random, operation))
    if (random.chance(0.3)) query.set('sort', random.pick(['sourcedId', 'dateLastModified', 'status']))
    if (random.chance(0.3)) query.set('orderBy', random.pick(['asc', 'desc', 'DESC']))
    const method = random.chance(0.1) ? 'HEAD' : 'GET'
    const asked = { ...place, query: query.toString(), method, due: 200 }
    const [answer] = await expectAnswers(bridge, operation, asked)
    rows += answer?.rows.length ?? 0
  }
  expect(rows).toBeGreaterThan(ROUNDS)
})

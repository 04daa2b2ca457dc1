// How published records are read back and laid beside those that an independent reading of PowerSchool's tables expects.
import { COLLECTIONS, type Entity, type ExpectedRoster } from '../../fixtures/expected.ts'
import type { TestBridge } from './bridge.ts'

export type Roster = Readonly<Record<string, ReadonlyMap<string, Entity>>>

/** Drains every collection by HTTP, page by page, without href and dateLastModified. */
export async function drain(bridge: Pick<TestBridge, 'get'>, limit = 500): Promise<Roster> {
  const roster: Record<string, Map<string, Entity>> = {}
  for (const collection of COLLECTIONS) {
    const records = new Map<string, Entity>()
    for (let offset = 0, total = 1; offset < total; offset += limit) {
      const answer = await bridge.get(`/${collection}?limit=${limit}&offset=${offset}&filter=status='active'`)
      if (answer.status !== 200) throw new Error(`${collection} answered ${answer.status}: ${await answer.text()}`)
      total = Number(answer.headers.get('x-total-count'))
      const body = (await answer.json()) as Record<string, Entity[]>
      for (const record of body[collection] ?? []) {
        if (records.has(record.sourcedId)) throw new Error(`${collection}/${record.sourcedId} came twice`)
        records.set(record.sourcedId, comparable(record))
      }
    }
    roster[collection] = records
  }
  return roster
}

/** Ids that only one side has, and records that differ, by collection; empty when both agree. */
export function differences(expected: ExpectedRoster, got: Roster): string[] {
  return COLLECTIONS.flatMap((collection) => {
    const wanted = expected[collection]
    const found = got[collection] ?? new Map<string, Entity>()
    const missing = [...wanted.keys()].filter((id) => !found.has(id)).map((id) => `${collection}/${id} is missing`)
    const extra = [...found.keys()].filter((id) => !wanted.has(id)).map((id) => `${collection}/${id} is not expected`)
    const unlike = [...wanted].flatMap(([id, entity]) => {
      const other = found.get(id)
      const left = JSON.stringify(sorted(entity))
      const right = JSON.stringify(sorted(other))
      return other === undefined || left === right
        ? []
        : [`${collection}/${id}\n  expected ${left}\n  got      ${right}`]
    })
    return [...missing, ...extra, ...unlike]
  })
}

function comparable(record: Entity): Entity {
  const { dateLastModified: _, ...rest } = record
  // Only members are taken away, never sourcedId.
  return withoutHref(rest) as Entity
}

export function withoutHref(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHref)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'href')
      .map(([name, member]) => [name, withoutHref(member)]),
  )
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  )
}

// Filtered, sorted and nested lists: what their pages cost beside plain pages of as many records, and deep beside first.
import type { BridgeClient } from './bridge-client.ts'
import { type Figure, interleaved, millisecondsOf, note, ratio } from './measure.ts'

const LARGEST_PAGE = 5_000
const CLASSES = 50

interface Query {
  readonly what: string
  readonly path: string
  readonly collection: 'users' | 'enrollments'
}

/** Each list is asked for once before it is measured: that first answer puts it in order and is told by itself. */
export async function benchQueries({ client, rounds }: { client: BridgeClient; rounds: number }): Promise<Figure[]> {
  const [klass, ...others] = (await objects(client, `/classes?limit=${CLASSES + 1}`, 'classes')) as Class[]
  const student = `filter=${encodeURIComponent(`role='student'`)}`
  const queries: readonly Query[] = [
    { what: `enrollments of role='student'`, path: `/enrollments?${student}`, collection: 'enrollments' },
    { what: `users of role='student'`, path: `/users?${student}`, collection: 'users' },
    { what: 'users by familyName', path: '/users?sort=familyName&orderBy=asc', collection: 'users' },
    {
      what: 'enrollments of a school',
      path: `/schools/${klass?.school.sourcedId}/enrollments?`,
      collection: 'enrollments',
    },
    { what: 'students of a class', path: `/classes/${klass?.sourcedId}/students?`, collection: 'users' },
  ]
  const figures: Figure[] = []
  for (const query of queries) figures.push(...(await benchQuery(client, query, rounds)))
  const onceMs = await millisecondsOf(async () => {
    for (const { sourcedId } of others) await client.get(`/classes/${sourcedId}/students`)
  })
  return [...figures, note('students of a class that was never asked for', `${(onceMs / CLASSES).toFixed(1)} ms`)]
}

interface Class {
  readonly sourcedId: string
  readonly school: { readonly sourcedId: string }
}

async function benchQuery(client: BridgeClient, { what, path, collection }: Query, rounds: number): Promise<Figure[]> {
  const coldMs = await millisecondsOf(() => client.get(`${path}&limit=1`))
  const total = await totalOf(client, path, collection)
  const limit = Math.min(LARGEST_PAGE, Math.max(1, total >> 1))
  const pages = Array.from({ length: Math.ceil(total / limit) }, (_, page) => page * limit)
  const times = await interleaved(rounds, {
    plain: () => client.get(`/${collection}?limit=${limit}`),
    first: () => client.get(`${path}&limit=${limit}`),
    deep: () => client.get(`${path}&limit=${limit}&offset=${total - limit}`),
  })
  const drainMs = await millisecondsOf(async () => {
    for (const offset of pages) await client.get(`${path}&limit=${limit}&offset=${offset}`)
  })
  return [
    note(what, `${total} in ${pages.length} pages: ${drainMs.toFixed(0)} ms; put in order ${coldMs.toFixed(0)} ms`),
    note(`${what}: page ÷ plain page of ${limit}`, (times.first / times.plain).toFixed(2)),
    ratio(`${what}: last page ÷ first page`, times.deep / times.first, { most: 1.15 }),
  ]
}

async function totalOf(client: BridgeClient, path: string, collection: string): Promise<number> {
  let total = 0
  while (true) {
    const rows = (await objects(client, `${path}&limit=10000&fields=sourcedId&offset=${total}`, collection)).length
    total += rows
    if (rows < 10_000) return total
  }
}

async function objects(client: BridgeClient, path: string, name: string): Promise<unknown[]> {
  const body = JSON.parse(String(await client.get(path))) as Record<string, unknown[]>
  return body[name] ?? []
}

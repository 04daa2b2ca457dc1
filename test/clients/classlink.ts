// ClassLink's libraries: every collection by pages, until exactly as many records have come as X-Total-Count says.
import type { SigningClient } from './oauth1.ts'
import { type Entity, recordsOf, totalOf } from './read.ts'

export const CLASSLINK_ENDPOINTS = [
  'academicSessions',
  'orgs',
  'courses',
  'classes',
  'users',
  'enrollments',
  'demographics',
] as const

/** The Ruby and Node loops: a total that is never met exactly would turn for ever, so the test gives up long after. */
export async function pullExactly(client: SigningClient, endpoint: string, pageSize = 10_000): Promise<Entity[]> {
  const data: Entity[] = []
  let total: number | undefined
  for (let offset = 0; data.length !== total; offset += pageSize) {
    if (offset > 1_000_000) throw new Error(`${endpoint}: ${data.length} records never are ${total}`)
    const answer = await client.get(`/${endpoint}`, { limit: String(pageSize), offset: String(offset) })
    data.push(...recordsOf(answer, endpoint))
    total ??= totalOf(answer)
  }
  return data
}

/** Another vendor's loop counts what X-Count says of each page. */
export async function pullByCount(client: SigningClient, endpoint: string, pageSize: number): Promise<number> {
  let running = 0
  for (let offset = 0; ; offset += pageSize) {
    const answer = await client.get(`/${endpoint}`, { limit: String(pageSize), offset: String(offset) })
    const count = Number(answer.headers['x-count'])
    if (count !== recordsOf(answer, endpoint).length) {
      throw new Error(`${endpoint}: X-Count is ${answer.headers['x-count']} for ${recordsOf(answer, endpoint).length}`)
    }
    running += count
    if (count < pageSize || running === totalOf(answer)) return running
  }
}

// A Moodle-like plugin: steps by its own page size until a page is short, sorts people by name, asks by the day.
import type { SigningClient } from './oauth1.ts'
import { type Entity, linksAt, recordsOf } from './read.ts'

export interface MoodleSchool {
  readonly school: Entity
  readonly terms: readonly Entity[]
  readonly classes: readonly Entity[]
  readonly enrollments: readonly Entity[]
}

export interface MoodleRun {
  readonly users: readonly Entity[]
  readonly schools: readonly MoodleSchool[]
}

/** How it reads with OAuth 2 as with OAuth 1.0a: anything that sends a path with a query. */
export type Reader = Pick<SigningClient, 'get'>

/** Everything, or what has changed since a day (`YYYY-MM-DD`): users of the chosen schools, then school by school. */
export async function synchronise(reader: Reader, schoolIds: readonly string[], day?: string): Promise<MoodleRun> {
  const since = day === undefined ? {} : { filter: `dateLastModified>'${day}'` }
  const orgs = await pages(reader, '/orgs', ['orgs'])
  const users = await pages(reader, '/users', ['users'], { sort: 'familyName', ...since })
  const schools: MoodleSchool[] = []
  for (const id of schoolIds) {
    const school = orgs.find(({ sourcedId, type }) => sourcedId === id && type === 'school')
    if (school === undefined) throw new Error(`the organisation ${id} is no school`)
    schools.push({
      school,
      terms: await pages(reader, `/schools/${id}/terms`, ['academicSessions', 'terms']),
      classes: await pages(reader, `/schools/${id}/classes`, ['classes'], since),
      enrollments: await pages(reader, `/schools/${id}/enrollments`, ['enrollments']),
    })
  }
  const chosen = new Set(schoolIds)
  return { users: users.filter((user) => linksAt(user, 'orgs').some((org) => chosen.has(org.sourcedId))), schools }
}

const PAGE_SIZE = 40

async function pages(
  { get }: Reader,
  path: string,
  keys: readonly string[],
  query: Readonly<Record<string, string>> = {},
): Promise<Entity[]> {
  const found: Entity[] = []
  for (let offset = 0; ; offset += PAGE_SIZE) {
    const answer = await get(path, { limit: String(PAGE_SIZE), offset: String(offset), ...query })
    const page = recordsOf(answer, ...keys)
    found.push(...page)
    if (page.length < PAGE_SIZE) return found
  }
}

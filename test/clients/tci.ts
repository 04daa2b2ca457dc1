// A Ruby reader in the manner of TCI's: an empty token request, then pages of 5,000 until one is empty.
import { type Entity, recordsOf } from './read.ts'
import { bearer, fetchToken } from './tokens.ts'
import type { Wire } from './wire.ts'

export interface Classroom {
  readonly id: string
  readonly name: string
  readonly courseCode: string
}

export interface Tci {
  /** Everything of a list that is not to be deleted. */
  all(endpoint: string, key?: string): Promise<readonly Entity[]>
  classrooms(): Promise<readonly Classroom[]>
  /** By role. */
  enrollments(): Promise<Readonly<Record<string, readonly Entity[]>>>
}

/** Derives the token's address from the origin alone. */
export async function startTci(wire: Wire, { pageLimit = 5000 } = {}): Promise<Tci> {
  const token = await fetchToken(wire, { path: '/token', form: 'nothing' })
  const headers = { ...bearer(token), 'accept-header': 'application/json', cookie: '' }

  const all = async (endpoint: string, key = endpoint): Promise<readonly Entity[]> => {
    const found: Entity[] = []
    for (let offset = 0; ; offset += pageLimit) {
      const address = `${wire.publicUrl}/ims/oneroster/v1p1/${endpoint}?limit=${pageLimit}&offset=${offset}`
      const page = recordsOf(await wire.send(address, { headers }), key)
      if (page.length === 0) return found
      found.push(...page.filter(({ status }) => status !== 'tobedeleted'))
    }
  }

  return {
    all,
    async classrooms() {
      const courses = new Map((await all('courses')).map((course) => [course.sourcedId, course]))
      return (await all('classes')).flatMap((taught) => {
        const course = courses.get((taught.course as Entity).sourcedId)
        return course === undefined
          ? []
          : [{ id: taught.sourcedId, name: String(taught.title), courseCode: String(course.courseCode) }]
      })
    },
    async enrollments() {
      return Object.groupBy(await all('enrollments'), ({ role }) => String(role)) as Record<string, Entity[]>
    },
  }
}

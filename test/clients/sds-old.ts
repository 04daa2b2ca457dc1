// School Data Sync with the older endpoints: school by school and role by role, whole or since a time.
import { type Entity, recordOf, recordsOf, totalOf } from './read.ts'
import { faultsOf, type SdsResource } from './sds-contract.ts'
import type { WireAnswer } from './wire.ts'

/** One request below the base, whatever signs it; the answer must be a 200. */
export type Get = (path: string) => Promise<WireAnswer>

export interface SchoolData {
  readonly school: Entity
  readonly classes: readonly Entity[]
  readonly students: readonly Entity[]
  readonly teachers: readonly Entity[]
  readonly studentEnrollments: readonly Entity[]
  readonly teacherEnrollments: readonly Entity[]
}

interface Pull {
  readonly member: keyof Omit<SchoolData, 'school'>
  readonly path: string
  readonly key: SdsResource
  readonly limit: number
  /** A clause in front of the others. */
  readonly role?: 'student' | 'teacher'
}

/** What is asked below `/schools/{id}`, with the page sizes of the collection. */
const PULLS: readonly Pull[] = [
  { member: 'classes', path: 'classes', key: 'classes', limit: 100 },
  { member: 'students', path: 'students', key: 'users', limit: 100 },
  { member: 'teachers', path: 'teachers', key: 'users', limit: 10_000 },
  { member: 'studentEnrollments', path: 'enrollments', key: 'enrollments', limit: 100, role: 'student' },
  { member: 'teacherEnrollments', path: 'enrollments', key: 'enrollments', limit: 100, role: 'teacher' },
]

/** Every page of a list, by counting to X-Total-Count; `path` has its query but for offset and limit. */
export async function readPages(
  get: Get,
  path: string,
  { key, limit }: Pick<Pull, 'key' | 'limit'>,
): Promise<Entity[]> {
  const found: Entity[] = []
  for (let total = 1; found.length < total; ) {
    const mark = path.includes('?') ? '&' : '?'
    const answer = await get(`${path}${mark}limit=${limit}&offset=${found.length}`)
    total = totalOf(answer)
    const records = recordsOf(answer, key)
    if (records.length === 0 && found.length < total) throw new Error(`${path} ends at ${found.length} of ${total}`)
    found.push(...records)
  }
  const faults = found.flatMap((record) => faultsOf(key, record))
  if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'))
  return found
}

/** The schools, each found again by its id. `/schools` may answer `orgs` or `schools`. */
export async function readSchools(get: Get): Promise<readonly Entity[]> {
  const answer = await get("/schools?limit=100&offset=0&filter=status='active'")
  const schools = recordsOf(answer, 'orgs', 'schools')
  for (const school of schools) {
    const single = await get(`/schools/${school.sourcedId}`)
    if (totalOf(single) !== 1 || recordOf(single, 'org').name !== school.name) {
      throw new Error(`/schools/${school.sourcedId} is another one`)
    }
  }
  return schools
}

/** All that belongs to a school: what is active, or what has changed since a time. */
export async function readSchool(get: Get, school: Entity, since?: string): Promise<SchoolData> {
  const read = PULLS.map(async ({ member, path, role, ...pull }) => {
    const clauses = [
      ...(role === undefined ? [] : [`role='${role}'`]),
      since === undefined ? "status='active'" : `dateLastModified>'${since}'`,
    ]
    const list = `/schools/${school.sourcedId}/${path}?filter=${clauses.join(' AND ')}`
    return [member, await readPages(get, list, pull)] as const
  })
  // Every member but the school is one of the pulls.
  return { school, ...Object.fromEntries(await Promise.all(read)) } as SchoolData
}

export function idsOf(records: readonly Entity[]): readonly string[] {
  return records.map(({ sourcedId }) => sourcedId).sort()
}

// How an operator adds consumers by the admin API, and what a narrowed one may see of a district.
import { ADMIN_TOKEN } from '../support/known.ts'
import { type Entity, jsonOf, linksAt } from './read.ts'
import type { SdsData } from './sds.ts'
import type { SdsResource } from './sds-contract.ts'
import { bearer, type Credentials } from './tokens.ts'
import type { Wire } from './wire.ts'

export interface NewConsumer {
  readonly name: string
  /** School numbers or sourcedIds. */
  readonly schools?: readonly string[]
  readonly [setting: string]: unknown
}

/** Adds a consumer and answers its credentials, which are told this once. */
export async function addConsumer(wire: Wire, consumer: NewConsumer): Promise<Credentials> {
  const answer = await wire.send(`${wire.publicUrl}/admin/consumers`, {
    method: 'POST',
    headers: { ...bearer(ADMIN_TOKEN), 'content-type': 'application/json' },
    body: JSON.stringify(consumer),
  })
  const { id, secret } = jsonOf(answer)
  if (answer.status !== 201 || typeof id !== 'string' || typeof secret !== 'string') {
    throw new Error(`the admin API answered ${answer.status}: ${answer.text}`)
  }
  return { id, secret }
}

/** The ids that belong to the schools, worked out slowly from a pull of the whole district. */
export function visibleIds(
  data: SdsData,
  schools: ReadonlySet<string>,
): Readonly<Record<SdsResource, ReadonlySet<string>>> {
  const leadsTo = (record: Entity, field: string, ids: ReadonlySet<string>) =>
    linksAt(record, field).some(({ sourcedId }) => ids.has(sourcedId))
  const idsWhere = (resource: SdsResource, isIn: (record: Entity) => boolean) =>
    new Set([...data[resource].values()].filter(isIn).map(({ sourcedId }) => sourcedId))
  /** Those and all above and below them. */
  const family = (resource: SdsResource, start: ReadonlySet<string>) => {
    const above = new Set(start)
    const below = new Set(start)
    for (let grown = -1; grown !== above.size + below.size; ) {
      grown = above.size + below.size
      for (const id of [...above]) {
        const record = data[resource].get(id)
        if (record !== undefined) for (const { sourcedId } of linksAt(record, 'parent')) above.add(sourcedId)
      }
      for (const record of data[resource].values()) if (leadsTo(record, 'parent', below)) below.add(record.sourcedId)
    }
    return new Set([...above, ...below])
  }

  const classes = idsWhere('classes', (record) => leadsTo(record, 'school', schools))
  const courses = idsWhere('courses', ({ sourcedId }) =>
    [...classes].some((id) => leadsTo(data.classes.get(id) ?? { sourcedId: '' }, 'course', new Set([sourcedId]))),
  )
  const named = (resource: 'classes' | 'courses', ids: ReadonlySet<string>, field: string) =>
    [...ids].flatMap((id) => linksAt(data[resource].get(id) ?? {}, field).map(({ sourcedId }) => sourcedId))
  const users = idsWhere('users', (record) => leadsTo(record, 'orgs', schools))
  return {
    orgs: family('orgs', schools),
    classes,
    courses,
    academicSessions: new Set([
      ...family('academicSessions', new Set(named('classes', classes, 'terms'))),
      ...named('courses', courses, 'schoolYear'),
    ]),
    users,
    enrollments: idsWhere(
      'enrollments',
      (record) =>
        leadsTo(record, 'school', schools) && leadsTo(record, 'class', classes) && leadsTo(record, 'user', users),
    ),
    demographics: idsWhere('demographics', ({ sourcedId }) => users.has(sourcedId)),
  }
}

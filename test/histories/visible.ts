// What a consumer that is narrowed to one school may see of a roster, worked out slowly.
import type { Collection, Json, Reference } from './content.ts'
import type { Roster, TrueRecord } from './truth.ts'

export function idsOfSchool(roster: Roster, schoolNumber: string): Readonly<Record<Collection, ReadonlySet<string>>> {
  const active = (collection: Collection) => [...roster[collection].values()].filter(({ isActive }) => isActive)
  const idsWhere = (collection: Collection, isIn: (record: TrueRecord) => boolean) =>
    new Set(
      active(collection)
        .filter(isIn)
        .map(({ sourcedId }) => sourcedId),
    )
  const family = (collection: Collection, start: ReadonlySet<string>) => {
    const records = new Map(active(collection).map((record) => [record.sourcedId, record.json]))
    const above = new Set(start)
    const below = new Set(start)
    for (let size = -1; size !== above.size + below.size; ) {
      size = above.size + below.size
      for (const id of [...above]) for (const parent of targets(records.get(id), 'parent')) above.add(parent)
      for (const [id, json] of records) if (targets(json, 'parent').some((parent) => below.has(parent))) below.add(id)
    }
    return [...above, ...below].filter((id) => records.has(id))
  }

  const schools = idsWhere('orgs', ({ json }) => json.type === 'school' && json.identifier === schoolNumber)
  const leadsInto = (json: Json, field: string, ids: ReadonlySet<string>) =>
    targets(json, field).some((id) => ids.has(id))
  const classes = idsWhere('classes', ({ json }) => leadsInto(json, 'school', schools))
  const namedBy = (collection: Collection, ids: ReadonlySet<string>, field: string) =>
    new Set([...ids].flatMap((id) => targets(roster[collection].get(id)?.json, field)))
  const taught = namedBy('classes', classes, 'course')
  const courses = idsWhere('courses', ({ sourcedId }) => taught.has(sourcedId))
  const users = idsWhere('users', ({ json }) => leadsInto(json, 'orgs', schools))
  return {
    orgs: new Set(family('orgs', schools)),
    classes,
    courses,
    academicSessions: new Set([
      ...family('academicSessions', namedBy('classes', classes, 'terms')),
      ...namedBy('courses', courses, 'schoolYear'),
    ]),
    users,
    enrollments: idsWhere(
      'enrollments',
      ({ json }) =>
        leadsInto(json, 'school', schools) && leadsInto(json, 'class', classes) && leadsInto(json, 'user', users),
    ),
    demographics: idsWhere('demographics', ({ sourcedId }) => users.has(sourcedId)),
  }
}

function targets(json: Json | undefined, field: string): string[] {
  const value = json?.[field]
  // The model has references under these names and nothing else.
  return value === undefined ? [] : ([value].flat() as Reference[]).map(({ sourcedId }) => sourcedId)
}

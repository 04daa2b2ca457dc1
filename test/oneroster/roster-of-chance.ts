// Small rosters of chance, and a slow reading of what belongs to a narrowed one, written from its definition.
import { COLLECTIONS, type Collection, MODEL } from '../../src/oneroster/model.ts'
import type { Narrowing } from '../../src/oneroster/narrow-selection.ts'
import type { RosterRecord } from '../../src/oneroster/present.ts'
import type { Random } from './random.ts'

export type Roster = Readonly<Record<Collection, readonly RosterRecord[]>>

interface Link {
  readonly collection: Collection
  readonly sourcedId: string
}

const link = (collection: Collection, sourcedId: string): Link => ({ collection, sourcedId })

/** Every id is of its collection, so that a link to another one shows. Some links lead to nothing, some lists are empty. */
export function chanceRoster({ below, chance, pick }: Random): Roster {
  const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`)
  const some = <T>(items: readonly T[], most: number) =>
    items.length === 0 ? [] : Array.from({ length: 1 + below(most) }, () => pick(items))
  const maybe = (fields: Record<string, unknown>, share: number) => (chance(share) ? fields : {})
  const links = (collection: Collection, targets: readonly string[]) => targets.map((id) => link(collection, id))
  const record = (sourcedId: string, fields: Record<string, unknown>): RosterRecord => ({
    sourcedId,
    fields,
    // What looks like a stored link, but is a text of the district's.
    ...maybe({ metadata: { href: '/orgs/x', note: '"href":"\\/orgs/' } }, 0.2),
  })

  const regions = ids('region', below(3))
  const schools = ids('sch', 1 + below(5))
  const departments = ids('dep', below(3))
  const orgIds = ['dist', ...regions, ...schools, ...departments]
  const parents = new Map<string, string>([
    ...regions.map((id) => [id, 'dist'] as const),
    ...schools.map((id) => [id, pick(['dist', ...regions])] as const),
    ...departments.map((id) => [id, pick([...schools, ...regions])] as const),
  ])
  const childrenOf = (id: string) => orgIds.filter((child) => parents.get(child) === id)
  const typeOf = (id: string) =>
    schools.includes(id) ? 'school' : departments.includes(id) ? 'department' : id === 'dist' ? 'district' : 'local'
  const orgs = orgIds.map((id) =>
    record(id, {
      name: `Org ${id}`,
      type: typeOf(id),
      // Numbers repeat across types, and one school's number is another one's id.
      identifier: id === 'sch1' && chance(0.3) ? 'sch0' : `${100 + below(4)}`,
      ...(parents.has(id) ? { parent: link('orgs', parents.get(id) ?? '') } : {}),
      children: links('orgs', childrenOf(id)),
    }),
  )

  const years = ids('year', 1 + below(2))
  const terms = ids('trm', 2 + below(4))
  const periods = ids('bin', below(4))
  const above = new Map<string, string>([
    ...terms.map((id) => [id, pick([...years, ...(id === 'trm1' ? ['trm0'] : [])])] as const),
    ...periods.map((id) => [id, pick(terms)] as const),
  ])
  const sessionIds = [...years, ...terms, ...periods]
  const academicSessions = sessionIds.map((id) =>
    record(id, {
      title: id,
      startDate: '2026-08-01',
      endDate: '2027-06-01',
      type: pick(['schoolYear', 'term', 'semester', 'gradingPeriod']),
      schoolYear: '2027',
      ...(above.has(id) && chance(0.9) ? { parent: link('academicSessions', above.get(id) ?? '') } : {}),
      children: links(
        'academicSessions',
        sessionIds.filter((child) => above.get(child) === id),
      ),
    }),
  )

  const courseIds = ids('crs', 1 + below(5))
  const courses = courseIds.map((id) =>
    record(id, {
      title: `Course ${id}`,
      courseCode: id,
      org: link('orgs', chance(0.7) ? 'dist' : pick(orgIds)),
      ...maybe({ schoolYear: link('academicSessions', pick(sessionIds)) }, 0.4),
    }),
  )
  const classIds = ids('sec', 1 + below(9))
  const classes = classIds.map((id) =>
    record(id, {
      title: `Class ${id}`,
      course: link('courses', chance(0.95) ? pick(courseIds) : 'crs99'),
      school: link('orgs', pick(schools)),
      terms: links('academicSessions', chance(0.95) ? some(sessionIds, 2) : ['trm99']),
    }),
  )
  const userIds = ids('usr', 2 + below(14))
  const users = userIds.map((id) =>
    record(id, {
      username: id,
      enabledUser: true,
      givenName: 'Ada',
      familyName: `O'Test ${id}`,
      role: pick(['student', 'student', 'teacher', 'administrator', 'parent', 'guardian', 'relative', 'aide']),
      orgs: links('orgs', some(chance(0.9) ? schools : orgIds, 3)),
      agents: chance(0.5) ? links('users', some([...userIds, 'usr99'], 3)) : [],
      ...maybe({ email: `${id}@example.org`, grades: ['09'] }, 0.5),
    }),
  )
  const enrollments = ids('cc', below(30)).map((id) =>
    record(id, {
      user: link('users', pick(userIds)),
      class: link('classes', pick(classIds)),
      school: link('orgs', pick(schools)),
      role: pick(['student', 'teacher', 'aide']),
    }),
  )
  const demographics = userIds.filter(() => chance(0.5)).map((id) => record(id, { sex: pick(['male', 'other']) }))
  return { academicSessions, orgs, courses, classes, users, enrollments, demographics }
}

export function chanceNarrowing(roster: Roster, { chance, below, pick }: Random): Narrowing {
  if (chance(0.15)) return { schools: null, contacts: false }
  const words = [...roster.orgs.flatMap(({ sourcedId, fields }) => [sourcedId, String(fields.identifier)]), 'unknown']
  return { schools: Array.from({ length: below(4) }, () => pick(words)), contacts: chance(0.5) }
}

/** What belongs: the definition as it stands, until nothing more has to go. */
export function belonging(roster: Roster, { schools, contacts }: Narrowing): Roster {
  const isContact = ({ fields }: RosterRecord) => ['guardian', 'parent', 'relative'].includes(String(fields.role))
  const kept: Record<Collection, RosterRecord[]> = {
    ...(Object.fromEntries(COLLECTIONS.map((name) => [name, [...roster[name]]])) as Record<Collection, RosterRecord[]>),
  }
  if (!contacts) kept.users = kept.users.filter((user) => !isContact(user))
  if (schools === null) return { ...kept, users: kept.users.map((user) => trimmed('users', user, roster, kept)) }

  const own = new Set(
    schools.flatMap((word) => {
      const all = roster.orgs.filter(({ fields }) => fields.type === 'school')
      const numbered = all.filter(({ fields }) => fields.identifier === word)
      return (numbered.length > 0 ? numbered : all.filter(({ sourcedId }) => sourcedId === word)).map(
        (org) => org.sourcedId,
      )
    }),
  )
  kept.orgs = connected(roster.orgs, own)
  kept.users = kept.users.filter(({ fields }) => targetsOf(fields.orgs).some((org) => own.has(org)))
  for (const name of ['classes', 'enrollments'] as const) {
    kept[name] = kept[name].filter(({ fields }) => targetsOf(fields.school).every((school) => own.has(school)))
  }
  while (true) {
    const before = COLLECTIONS.map((name) => kept[name].length).join()
    const named = (records: readonly RosterRecord[], field: string) =>
      new Set(records.flatMap(({ fields }) => targetsOf(fields[field])))
    const coursesNamed = named(kept.classes, 'course')
    kept.courses = kept.courses.filter(({ sourcedId }) => coursesNamed.has(sourcedId))
    const terms = new Set(connected(roster.academicSessions, named(kept.classes, 'terms')).map((one) => one.sourcedId))
    const years = named(kept.courses, 'schoolYear')
    kept.academicSessions = kept.academicSessions.filter(
      ({ sourcedId }) => terms.has(sourcedId) || years.has(sourcedId),
    )
    const users = new Set(kept.users.map(({ sourcedId }) => sourcedId))
    kept.demographics = kept.demographics.filter(({ sourcedId }) => users.has(sourcedId))
    for (const name of COLLECTIONS) kept[name] = kept[name].filter((record) => hasItsLinks(name, record, kept))
    if (COLLECTIONS.map((name) => kept[name].length).join() === before) break
  }
  const entries = COLLECTIONS.map(
    (name) => [name, kept[name].map((record) => trimmed(name, record, kept, kept))] as const,
  )
  // The entries hold each collection exactly once.
  return Object.fromEntries(entries) as unknown as Roster
}

function connected(tree: readonly RosterRecord[], ids: ReadonlySet<string>): RosterRecord[] {
  const parentOf = (id: string) => targetsOf(tree.find(({ sourcedId }) => sourcedId === id)?.fields.parent)[0]
  const lineOf = (id: string) => {
    const line: string[] = []
    for (let at: string | undefined = id; at !== undefined && !line.includes(at); at = parentOf(at)) line.push(at)
    return line
  }
  const above = new Set([...ids].flatMap(lineOf))
  return tree.filter(({ sourcedId }) => above.has(sourcedId) || lineOf(sourcedId).some((id) => ids.has(id)))
}

function hasItsLinks(name: Collection, { fields }: RosterRecord, kept: Roster): boolean {
  return Object.entries(MODEL[name].fields).every(([field, facts]) => {
    if (facts.type !== 'reference' || !facts.required) return true
    return linksOf(fields[field]).some(({ collection, sourcedId }) => holds(kept[collection], sourcedId))
  })
}

/** Without the links to what is in `users` no user, and elsewhere in `rest` no record. */
function trimmed(name: Collection, record: RosterRecord, rest: Roster, users: Roster): RosterRecord {
  const isIn = ({ collection, sourcedId }: Link) =>
    // Where only the users are narrowed, all else is as it is, also what leads to nothing.
    collection === 'users' ? holds(users.users, sourcedId) : rest !== users || holds(rest[collection], sourcedId)
  const fields = Object.entries(record.fields).map(([field, value]) => {
    if (MODEL[name].fields[field]?.type !== 'reference') return [field, value] as const
    const links = linksOf(value).filter(isIn)
    return [field, Array.isArray(value) ? links : links[0]] as const
  })
  return { ...record, fields: Object.fromEntries(fields) }
}

function holds(records: readonly RosterRecord[], id: string): boolean {
  return records.some(({ sourcedId }) => sourcedId === id)
}

function linksOf(value: unknown): readonly Link[] {
  // Made by `link` above.
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]) as readonly Link[]
}

function targetsOf(value: unknown): readonly string[] {
  return linksOf(value).map(({ sourcedId }) => sourcedId)
}

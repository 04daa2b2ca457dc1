// The statements that find what may belong to a narrowed roster, led by the indexes of the main tables; no step is long.
import type { Sql, SqlValue } from '../store/sql.ts'

/** Runs a statement for one generation. */
export type Find = <T extends object>(statement: string, ...parameters: readonly SqlValue[]) => T[]

/** A record as a tree of its collection knows it. */
export interface Node extends Found {
  readonly parent: string | null
}

/** A version. */
export interface Found {
  readonly seq: number
  readonly sourcedId: string
}

const idOf = ({ sourcedId }: Found) => sourcedId

/** The active records of a generation. It is written into the statement: a number of ours, that stands in many places. */
export function finderOf(sql: Sql, generation: number): Find {
  const number = String(Math.trunc(generation))
  return (statement, ...parameters) => sql.all(statement.replaceAll(':generation', number), ...parameters)
}

function seen(row: string): string {
  return `${row}.born <= :generation and ${row}.died > :generation and ${row}.status = 'active'`
}

const IS_NO_CONTACT = `(r."role" is null or r."role" not in ('guardian', 'parent', 'relative'))`

/** What belongs to a school, in parts: a large one must not make a long step. */
export interface BySchool {
  /** The last sourcedId of the part that begins after another; parameters: school, that other, how many. */
  readonly edge: string
  /** What is found in a part; parameters: school, the sourcedId before it, its last or null, and its own. */
  readonly statement: string
}

function edgeOf(table: string, school: string): string {
  return `select sourcedId from ${table} where ${school} and sourcedId > ? order by sourcedId limit 1 offset ? - 1`
}

/** A blob is greater than every text. */
function withinPart(row: string): string {
  return `${row}.sourcedId > ? and ${row}.sourcedId <= coalesce(?, x'')`
}

/** Those of a school whose course is there and belongs by its org, and which have a session. */
export const CLASSES: BySchool = {
  edge: edgeOf('records_classes', '"school" = ?'),
  statement: `
  select r.seq, r.sourcedId, r."course" as course
  from records_classes r cross join records_courses c on c.sourcedId = r."course"
  where r."school" = ? and ${withinPart('r')} and ${seen('r')} and ${seen('c')} and c."org" in (select value from json_each(?))
    and exists (
      select 1 from links_classes l cross join records_academicSessions a on a.sourcedId = l.target
      where l.seq = r.seq and l.field = 'terms' and ${seen('a')})`,
}
export const COURSES = `
  select r.seq, r.sourcedId, r."schoolYear" as schoolYear
  from json_each(?) named cross join records_courses r on r.sourcedId = named.value where ${seen('r')}`
export const USERS: BySchool = {
  edge: edgeOf('links_users', `field = 'orgs' and target = ?`),
  statement: `
  select r.seq, r.sourcedId from links_users l cross join records_users r on r.seq = l.seq
  where l.field = 'orgs' and l.target = ? and ${withinPart('l')} and ${seen('r')}`,
}
export const USERS_WITHOUT_CONTACTS: BySchool = { ...USERS, statement: `${USERS.statement} and ${IS_NO_CONTACT}` }
const ENROLLMENTS: BySchool = {
  edge: edgeOf('records_enrollments', '"school" = ?'),
  statement: `
  select json_group_array(r.seq) as seqs from records_enrollments r
  where r."school" = ? and ${withinPart('r')} and ${seen('r')}`,
}
export const DEMOGRAPHICS = `
  select r.seq, r.sourcedId
  from json_each(?) user cross join records_demographics r on r.sourcedId = user.value where ${seen('r')}`

/** Versions that are looked at in a step. */
const STEP = 2_000

/** What is found for each school, led by an index, one part a step. */
function* inParts<T extends object>(
  find: Find,
  schools: readonly string[],
  { edge, statement }: BySchool,
  ...parameters: readonly SqlValue[]
): Generator<T[]> {
  for (const school of schools) {
    let upTo: string | undefined = ''
    while (upTo !== undefined) {
      const after: string = upTo
      upTo = find<{ sourcedId: string }>(edge, school, after, STEP)[0]?.sourcedId
      yield find<T>(statement, school, after, upTo ?? null, ...parameters)
    }
  }
}

export function* eachSchool<T extends Found>(
  find: Find,
  schools: readonly string[],
  bySchool: BySchool,
  ...parameters: readonly SqlValue[]
): Generator<void, T[]> {
  // A user of two schools is found twice.
  const found = new Map<number, T>()
  for (const part of inParts<T>(find, schools, bySchool, ...parameters)) {
    for (const record of part) found.set(record.seq, record)
    yield
  }
  return [...found.values()]
}

/** Nine in ten of a roster's records, so they come as numbers alone. Each has one school. */
export function* enrollmentsOf(find: Find, schools: readonly string[]): Generator<void, Uint32Array> {
  const seqs: Uint32Array[] = []
  for (const part of inParts<{ seqs: string }>(find, schools, ENROLLMENTS)) {
    for (const row of part) seqs.push(Uint32Array.from(JSON.parse(row.seqs)))
    yield
  }
  const all = new Uint32Array(seqs.reduce((sum, { length }) => sum + length, 0))
  let start = 0
  for (const some of seqs) {
    all.set(some, start)
    start += some.length
  }
  return all.sort()
}

export function* eachId<T extends Found>(find: Find, ids: readonly string[], statement: string): Generator<void, T[]> {
  const found: T[] = []
  for (let start = 0; start < ids.length; start += STEP) {
    for (const record of find<T>(statement, JSON.stringify(ids.slice(start, start + STEP)))) found.push(record)
    yield
  }
  return found
}

export function* usersWithoutContacts(find: Find): Generator<void, Found[]> {
  const found: Found[] = []
  for (let after = 0; ; ) {
    const batch = find<Found & { isContact: number }>(
      `select r.seq, r.sourcedId, not ${IS_NO_CONTACT} as isContact from records_users r
       where r.seq > ? and ${seen('r')} order by r.seq limit ${STEP}`,
      after,
    )
    const last = batch.at(-1)
    if (last === undefined) return found
    after = last.seq
    for (const record of batch) if (!record.isContact) found.push(record)
    yield
  }
}

/** A number comes first: one school's number may look like another's sourcedId. What names no school is passed over. */
export function schoolsOf(find: Find, named: readonly string[], byIdAlone = false): string[] {
  const found = named.flatMap((name) => {
    const by = (column: string) =>
      find<Found>(
        `select r.seq, r.sourcedId from records_orgs r where r.${column} = ? and r."type" = 'school' and ${seen('r')}`,
        name,
      )
    const numbered = byIdAlone ? [] : by('"identifier"')
    return (numbered.length > 0 ? numbered : by('sourcedId')).map(idOf)
  })
  return [...new Set(found)]
}

export function treeOf(find: Find, collection: 'orgs' | 'academicSessions'): Node[] {
  return find<Node>(
    `select r.seq, r.sourcedId, r."parent" as parent from records_${collection} r where ${seen('r')} order by r.seq`,
  )
}

/** The sessions that these classes name. */
export function termsOf(find: Find, classes: readonly Found[]): string[] {
  const terms = find<{ target: string }>(
    `select distinct l.target from json_each(?) class cross join links_classes l on l.seq = class.value where l.field = 'terms'`,
    JSON.stringify(classes.map(({ seq }) => seq)),
  )
  return terms.map(({ target }) => target)
}

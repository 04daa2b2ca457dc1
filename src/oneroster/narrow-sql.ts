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

/** Those of a school whose course is there and belongs by its org, and which have a session. */
export const CLASSES = `
  select r.seq, r.sourcedId, r."course" as course
  from records_classes r cross join records_courses c on c.sourcedId = r."course"
  where r."school" = ? and ${seen('r')} and ${seen('c')} and c."org" in (select value from json_each(?))
    and exists (
      select 1 from links_classes l cross join records_academicSessions a on a.sourcedId = l.target
      where l.seq = r.seq and l.field = 'terms' and ${seen('a')})`
export const COURSES = `
  select r.seq, r.sourcedId, r."schoolYear" as schoolYear
  from json_each(?) named cross join records_courses r on r.sourcedId = named.value where ${seen('r')}`
export const USERS = `
  select r.seq, r.sourcedId from links_users l cross join records_users r on r.seq = l.seq
  where l.field = 'orgs' and l.target = ? and ${seen('r')}`
export const USERS_WITHOUT_CONTACTS = `${USERS} and ${IS_NO_CONTACT}`
const ENROLLMENTS = `
  select json_group_array(r.seq) as seqs from records_enrollments r where r."school" = ? and ${seen('r')}`
export const DEMOGRAPHICS = `
  select r.seq, r.sourcedId
  from json_each(?) user cross join records_demographics r on r.sourcedId = user.value where ${seen('r')}`

/** What a statement finds for each school, one school a step: an index leads to them, and no step sees a whole district. */
export function* eachSchool<T extends Found>(
  find: Find,
  schools: readonly string[],
  statement: string,
  ...parameters: readonly SqlValue[]
): Generator<void, T[]> {
  // A user of two schools is found twice.
  const found = new Map<number, T>()
  for (const school of schools) {
    for (const record of find<T>(statement, school, ...parameters)) found.set(record.seq, record)
    yield
  }
  return inOrder(found.values())
}

/** Nine in ten of a roster's records, so they come as numbers alone. Each has one school. */
export function* enrollmentsOf(find: Find, schools: readonly string[]): Generator<void, Uint32Array> {
  const seqs: Uint32Array[] = []
  for (const school of schools) {
    for (const row of find<{ seqs: string }>(ENROLLMENTS, school)) seqs.push(Uint32Array.from(JSON.parse(row.seqs)))
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

const IDS_A_STEP = 5_000

export function* eachId<T extends Found>(find: Find, ids: readonly string[], statement: string): Generator<void, T[]> {
  const found: T[] = []
  for (let start = 0; start < ids.length; start += IDS_A_STEP) {
    for (const record of find<T>(statement, JSON.stringify(ids.slice(start, start + IDS_A_STEP)))) found.push(record)
    yield
  }
  return inOrder(found)
}

export function* usersWithoutContacts(find: Find): Generator<void, Found[]> {
  const found: Found[] = []
  for (let after = 0; ; ) {
    const batch = find<Found & { isContact: number }>(
      `select r.seq, r.sourcedId, not ${IS_NO_CONTACT} as isContact from records_users r
       where r.seq > ? and ${seen('r')} order by r.seq limit ${IDS_A_STEP}`,
      after,
    )
    const last = batch.at(-1)
    if (last === undefined) return found
    after = last.seq
    for (const record of batch) if (!record.isContact) found.push(record)
    yield
  }
}

function inOrder<T extends Found>(records: Iterable<T>): T[] {
  return [...records].sort((a, b) => a.seq - b.seq)
}

/** A number comes first: one school's number may look like another's sourcedId. What names no school is passed over. */
export function schoolsOf(find: Find, named: readonly string[]): string[] {
  const found = named.flatMap((name) => {
    const by = (column: string) =>
      find<Found>(
        `select r.seq, r.sourcedId from records_orgs r where r.${column} = ? and r."type" = 'school' and ${seen('r')}`,
        name,
      )
    const numbered = by('"identifier"')
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

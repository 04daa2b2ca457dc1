// What belongs to a narrowed roster, found by the columns, links and indexes of the main tables; no record's text is read.
import type { Sql, SqlValue } from '../store/sql.ts'
import type { Collection } from './model.ts'

export interface Narrowing {
  /** School numbers (identifiers of orgs of type school), or sourcedIds of schools; null = every school. */
  readonly schools: readonly string[] | null
  /** Whether guardians, parents and relatives belong. */
  readonly contacts: boolean
}

/** What belongs, by collection. A collection that is not named belongs whole. */
export interface Selection {
  /** The records that others may link to. */
  readonly ids: ReadonlyMap<Collection, ReadonlySet<string>>
  /**
   * The versions to be read, in the order in which they lie, which is nearly that of sourcedId. Enrollments may be among
   * them whose class or user does not belong.
   */
  readonly seqs: ReadonlyMap<Collection, Uint32Array>
}

type Find = <T extends object>(statement: string, ...parameters: readonly SqlValue[]) => T[]

/** A record as a tree of its collection knows it. */
interface Node {
  readonly seq: number
  readonly sourcedId: string
  readonly parent: string | null
}

/** Each step is short. Records of `generation` count when they are active in it. */
export function* selectRoster(sql: Sql, narrowing: Narrowing, generation: number): Generator<void, Selection> {
  // `:generation` is written into the statement: it is a number of ours, and stands in many places.
  const sight = String(Math.trunc(generation))
  const find: Find = (statement, ...parameters) => sql.all(statement.replaceAll(':generation', sight), ...parameters)
  if (narrowing.schools === null) return selection({ users: yield* usersWithoutContacts(find) })

  const schools = schoolsOf(find, narrowing.schools)
  const orgs = around(treeOf(find, 'orgs'), schools)
  yield
  const classes = yield* eachSchool<Found & { course: string }>(find, schools, CLASSES, JSON.stringify(orgs.map(idOf)))
  const courses = yield* eachId<Found & { schoolYear: string | null }>(
    find,
    [...new Set(classes.map(({ course }) => course))],
    COURSES,
  )
  const academicSessions = sessionsOf(find, classes, courses)
  yield
  const users = yield* eachSchool<Found>(find, schools, narrowing.contacts ? USERS : USERS_WITHOUT_CONTACTS)
  const enrollments = yield* enrollmentsOf(find, schools)
  const demographics = yield* eachId<Found>(find, users.map(idOf), DEMOGRAPHICS)
  const found = selection({ academicSessions, orgs, courses, classes, users })
  return {
    ...found,
    seqs: new Map([...found.seqs, ['enrollments', enrollments], ['demographics', seqsOf(demographics)]]),
  }
}

interface Found {
  readonly seq: number
  readonly sourcedId: string
}

const seqsOf = (records: readonly Found[]) => Uint32Array.from(records, ({ seq }) => seq)
const idOf = ({ sourcedId }: Found) => sourcedId

function seen(row: string): string {
  return `${row}.born <= :generation and ${row}.died > :generation and ${row}.status = 'active'`
}

const IS_NO_CONTACT = `(r."role" is null or r."role" not in ('guardian', 'parent', 'relative'))`

/** Those of a school whose course is there and belongs by its org, and which have a session. */
const CLASSES = `
  select r.seq, r.sourcedId, r."course" as course
  from records_classes r cross join records_courses c on c.sourcedId = r."course"
  where r."school" = ? and ${seen('r')} and ${seen('c')} and c."org" in (select value from json_each(?))
    and exists (
      select 1 from links_classes l cross join records_academicSessions a on a.sourcedId = l.target
      where l.seq = r.seq and l.field = 'terms' and ${seen('a')})`
const COURSES = `
  select r.seq, r.sourcedId, r."schoolYear" as schoolYear
  from json_each(?) named cross join records_courses r on r.sourcedId = named.value where ${seen('r')}`
const USERS = `
  select r.seq, r.sourcedId from links_users l cross join records_users r on r.seq = l.seq
  where l.field = 'orgs' and l.target = ? and ${seen('r')}`
const USERS_WITHOUT_CONTACTS = `${USERS} and ${IS_NO_CONTACT}`
const ENROLLMENTS = `
  select json_group_array(r.seq) as seqs from records_enrollments r where r."school" = ? and ${seen('r')}`
const DEMOGRAPHICS = `
  select r.seq, r.sourcedId
  from json_each(?) user cross join records_demographics r on r.sourcedId = user.value where ${seen('r')}`

/** What a statement finds for each school, one school a step: an index leads to them, and no step sees a whole district. */
function* eachSchool<T extends Found>(
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
function* enrollmentsOf(find: Find, schools: readonly string[]): Generator<void, Uint32Array> {
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

function* eachId<T extends Found>(find: Find, ids: readonly string[], statement: string): Generator<void, T[]> {
  const found: T[] = []
  for (let start = 0; start < ids.length; start += IDS_A_STEP) {
    for (const record of find<T>(statement, JSON.stringify(ids.slice(start, start + IDS_A_STEP)))) found.push(record)
    yield
  }
  return inOrder(found)
}

function* usersWithoutContacts(find: Find): Generator<void, Found[]> {
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

function selection(found: Readonly<Partial<Record<Collection, readonly Found[]>>>): Selection {
  // The keys are those of the literals above.
  const entries = Object.entries(found) as [Collection, readonly Found[]][]
  return {
    ids: new Map(entries.map(([name, records]) => [name, new Set(records.map(idOf))])),
    seqs: new Map(entries.map(([name, records]) => [name, seqsOf(records)])),
  }
}

/** A number comes first: one school's number may look like another's sourcedId. What names no school is passed over. */
function schoolsOf(find: Find, named: readonly string[]): string[] {
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

/** These nodes, those above them and those below them; siblings are not. */
function around(tree: readonly Node[], ids: Iterable<string>): Node[] {
  const byId = new Map(tree.map((node) => [node.sourcedId, node]))
  const below = Map.groupBy(tree, ({ parent }) => parent)
  const kept = new Set<string>()
  for (const id of ids) {
    for (let node = byId.get(id); node !== undefined && !kept.has(`above ${node.sourcedId}`); ) {
      kept.add(`above ${node.sourcedId}`)
      node = node.parent === null ? undefined : byId.get(node.parent)
    }
    const open = [id]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (kept.has(`below ${next}`)) continue
      kept.add(`below ${next}`)
      open.push(...(below.get(next) ?? []).map(idOf))
    }
  }
  return tree.filter(({ sourcedId }) => kept.has(`above ${sourcedId}`) || kept.has(`below ${sourcedId}`))
}

/** The terms of the classes with what is above and below them, and the school years of the courses. */
function sessionsOf(
  find: Find,
  classes: readonly Found[],
  courses: readonly { readonly schoolYear: string | null }[],
): Found[] {
  const terms = find<{ target: string }>(
    `select distinct l.target from json_each(?) class cross join links_classes l on l.seq = class.value where l.field = 'terms'`,
    JSON.stringify(classes.map(({ seq }) => seq)),
  )
  const tree = treeOf(find, 'academicSessions')
  const named = new Set(
    around(
      tree,
      terms.map(({ target }) => target),
    ).map(idOf),
  )
  for (const { schoolYear } of courses) if (schoolYear !== null) named.add(schoolYear)
  return tree.filter(({ sourcedId }) => named.has(sourcedId))
}

function treeOf(find: Find, collection: 'orgs' | 'academicSessions'): Node[] {
  return find<Node>(
    `select r.seq, r.sourcedId, r."parent" as parent from records_${collection} r where ${seen('r')} order by r.seq`,
  )
}

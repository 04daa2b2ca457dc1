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
  /** The versions to be read, in the order of sourcedId; those whose required links lead out may still be among them. */
  readonly seqs: ReadonlyMap<Collection, readonly number[]>
}

type Find = <T extends object>(statement: string, ...parameters: readonly SqlValue[]) => T[]

/** A record as a tree of its collection knows it. */
interface Node {
  readonly seq: number
  readonly sourcedId: string
  readonly parent: string | null
}

/** One query a step. Records of `generation` count when they are active in it. */
export function* selectRoster(sql: Sql, narrowing: Narrowing, generation: number): Generator<void, Selection> {
  // `:generation` is written into the statement: it is a number of ours, and stands in many places.
  const sight = String(Math.trunc(generation))
  const find: Find = (statement, ...parameters) => sql.all(statement.replaceAll(':generation', sight), ...parameters)
  if (narrowing.schools === null) {
    const users = find<Found>(`select r.seq, r.sourcedId from records_users r where ${WITHOUT_CONTACTS} ${IN_ORDER}`)
    yield
    return selection({ users })
  }

  const schools = schoolsOf(find, narrowing.schools)
  const orgTree = find<Node>(
    `select r.seq, r.sourcedId, r."parent" as parent from records_orgs r where ${seen('r')} ${IN_ORDER}`,
  )
  const orgs = around(orgTree, schools)
  yield
  const classes = classesOf(find, schools, orgs.map(idOf))
  const coursesNamed = [...new Set(classes.map(({ course }) => course))]
  yield
  const courses = find<Found & { schoolYear: string | null }>(
    `select r.seq, r.sourcedId, r."schoolYear" as schoolYear
     from json_each(?) named cross join records_courses r on r.sourcedId = named.value where ${seen('r')} ${IN_ORDER}`,
    JSON.stringify(coursesNamed),
  )
  yield
  const academicSessions = sessionsOf(find, classes, courses)
  yield
  const users = usersOf(find, schools, narrowing)
  yield
  const enrollments = find<Found>(
    `select r.seq from json_each(?) school cross join records_enrollments r on r."school" = school.value
     where ${seen('r')} ${IN_ORDER}`,
    JSON.stringify(schools),
  )
  yield
  const demographics = find<Found>(
    `select r.seq from json_each(?) user cross join records_demographics r on r.sourcedId = user.value
     where ${seen('r')} ${IN_ORDER}`,
    JSON.stringify(users.map(idOf)),
  )
  yield
  return selection({ academicSessions, orgs, courses, classes, users, enrollments, demographics })
}

interface Found {
  readonly seq: number
  readonly sourcedId: string
}

const idOf = ({ sourcedId }: Found) => sourcedId
const IN_ORDER = 'order by r.sourcedId'

function seen(row: string): string {
  return `${row}.born <= :generation and ${row}.died > :generation and ${row}.status = 'active'`
}

const CONTACTS = `('guardian', 'parent', 'relative')`
const WITHOUT_CONTACTS = `${seen('r')} and (r."role" is null or r."role" not in ${CONTACTS})`

function selection(found: Readonly<Partial<Record<Collection, readonly Found[]>>>): Selection {
  // The keys are those of the literals above.
  const entries = Object.entries(found) as [Collection, readonly Found[]][]
  return {
    ids: new Map(entries.map(([name, records]) => [name, new Set(records.map(idOf))])),
    seqs: new Map(entries.map(([name, records]) => [name, records.map(({ seq }) => seq)])),
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

/** The classes of the schools whose course is there and belongs by its org, and which have a session. */
function classesOf(find: Find, schools: readonly string[], orgs: readonly string[]) {
  return find<Found & { course: string }>(
    `select r.seq, r.sourcedId, r."course" as course
     from json_each(?) school
       cross join records_classes r on r."school" = school.value
       cross join records_courses c on c.sourcedId = r."course"
     where ${seen('r')} and ${seen('c')} and c."org" in (select value from json_each(?))
       and exists (
         select 1 from links_classes l cross join records_academicSessions a on a.sourcedId = l.target
         where l.seq = r.seq and l.field = 'terms' and ${seen('a')})
     ${IN_ORDER}`,
    JSON.stringify(schools),
    JSON.stringify(orgs),
  )
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
  const tree = find<Node>(
    `select r.seq, r.sourcedId, r."parent" as parent from records_academicSessions r where ${seen('r')} ${IN_ORDER}`,
  )
  const named = new Set(
    around(
      tree,
      terms.map(({ target }) => target),
    ).map(idOf),
  )
  for (const { schoolYear } of courses) if (schoolYear !== null) named.add(schoolYear)
  return tree.filter(({ sourcedId }) => named.has(sourcedId))
}

function usersOf(find: Find, schools: readonly string[], { contacts }: Narrowing): Found[] {
  return find<Found>(
    `select distinct r.seq, r.sourcedId
     from json_each(?) school
       cross join links_users l on l.field = 'orgs' and l.target = school.value
       cross join records_users r on r.seq = l.seq
     where ${contacts ? seen('r') : WITHOUT_CONTACTS} ${IN_ORDER}`,
    JSON.stringify(schools),
  )
}

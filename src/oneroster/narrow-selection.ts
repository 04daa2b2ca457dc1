// What belongs to a narrowed roster, found by columns, links and indexes of the main tables; no record's text is read.
import type { Sql } from '../store/sql.ts'
import type { Collection } from './model.ts'
import {
  CLASSES,
  COURSES,
  DEMOGRAPHICS,
  eachId,
  eachSchool,
  enrollmentsOf,
  type Find,
  type Found,
  finderOf,
  type Node,
  schoolsOf,
  termsOf,
  treeOf,
  USERS,
  USERS_WITHOUT_CONTACTS,
  usersWithoutContacts,
} from './narrow-sql.ts'

export interface Narrowing {
  /** School numbers (identifiers of orgs of type school), or sourcedIds of schools; null = every school. */
  readonly schools: readonly string[] | null
  /** Whether guardians, parents and relatives belong. */
  readonly contacts: boolean
  /** Whether numbers name no school. */
  readonly byIdAlone?: boolean
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

/** Each step is short. Records of `generation` count when they are active in it. */
export function* selectRoster(sql: Sql, narrowing: Narrowing, generation: number): Generator<void, Selection> {
  const find = finderOf(sql, generation)
  if (narrowing.schools === null) return selection({ users: yield* usersWithoutContacts(find) })

  const schools = schoolsOf(find, narrowing.schools, narrowing.byIdAlone)
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

const seqsOf = (records: readonly Found[]) => Uint32Array.from(records, ({ seq }) => seq).sort()
const idOf = ({ sourcedId }: Found) => sourcedId

function selection(found: Readonly<Partial<Record<Collection, readonly Found[]>>>): Selection {
  // The keys are those of the literals above.
  const entries = Object.entries(found) as [Collection, readonly Found[]][]
  return {
    ids: new Map(entries.map(([name, records]) => [name, new Set(records.map(idOf))])),
    seqs: new Map(entries.map(([name, records]) => [name, seqsOf(records)])),
  }
}

/** The terms of the classes with what is above and below them, and the school years of the courses. */
function sessionsOf(
  find: Find,
  classes: readonly Found[],
  courses: readonly { readonly schoolYear: string | null }[],
): Found[] {
  const tree = treeOf(find, 'academicSessions')
  const named = new Set(around(tree, termsOf(find, classes)).map(idOf))
  for (const { schoolYear } of courses) if (schoolYear !== null) named.add(schoolYear)
  return tree.filter(({ sourcedId }) => named.has(sourcedId))
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
    const open = byId.has(id) ? [id] : []
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (kept.has(`below ${next}`)) continue
      kept.add(`below ${next}`)
      open.push(...(below.get(next) ?? []).map(idOf))
    }
  }
  return tree.filter(({ sourcedId }) => kept.has(`above ${sourcedId}`) || kept.has(`below ${sourcedId}`))
}

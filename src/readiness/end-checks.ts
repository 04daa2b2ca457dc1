// What only all records together tell: classes without people, students without classes, contacts that nobody names.
import type { IdTable } from './id-table.ts'
import {
  DELIVERED,
  HAS_AT,
  HAS_STUDENT,
  HAS_TEACHER,
  HAS_USERNAME,
  IN_CLASS,
  IS_AGENT,
  IS_CONTACT,
  IS_RELATION,
  IS_STUDENT,
  type Target,
} from './links.ts'
import type { Fault } from './tally.ts'

interface Row {
  readonly fault: Fault & { readonly collection: Target }
  /** Of a delivered record: these bits are set … */
  readonly has: number
  /** … and these are not. */
  readonly lacks: number
}

const ROWS: readonly Row[] = [
  { fault: { rule: 'class-without-teacher', collection: 'classes' }, has: 0, lacks: HAS_TEACHER },
  { fault: { rule: 'class-without-students', collection: 'classes' }, has: 0, lacks: HAS_STUDENT },
  { fault: { rule: 'student-without-class', collection: 'users' }, has: IS_STUDENT, lacks: IN_CLASS },
  { fault: { rule: 'contact-unlinked', collection: 'users', field: 'agents' }, has: IS_CONTACT, lacks: IS_AGENT },
  { fault: { rule: 'agent-role', collection: 'users', field: 'role' }, has: IS_AGENT, lacks: IS_RELATION },
]

/** Records that are looked at without a break. */
const STEP = 4_096

/** A fault for each record that has it; nothing at times, to let others in. */
export function* endFaults(
  tables: Readonly<Record<Target, IdTable>>,
): Generator<{ readonly fault: Fault; readonly table: IdTable; readonly number: number } | undefined> {
  for (const { fault, has, lacks } of ROWS) {
    const table = tables[fault.collection]
    for (let number = 0; number < table.size; number++) {
      if (number % STEP === 0) yield undefined
      const marks = table.marksOf(number)
      const wanted = has | DELIVERED
      if ((marks & wanted) === wanted && (marks & lacks) === 0) yield { fault, table, number }
    }
  }
}

export interface MixedUsernames {
  readonly group: 'students' | 'staff'
  readonly withAt: number
  readonly total: number
  /** The numbers of the users who are fewer. */
  readonly fewer: readonly number[]
}

/**
 * The groups in which some usernames hold an `@` and some do not. School Data Sync has a rule for students and one for staff,
 * and matches contacts by neither.
 */
export function mixedUsernames(users: IdTable): readonly MixedUsernames[] {
  return (['students', 'staff'] as const).flatMap((group) => {
    const numbers: [number[], number[]] = [[], []]
    for (let number = 0; number < users.size; number++) {
      const marks = users.marksOf(number)
      if ((marks & DELIVERED) === 0 || (marks & HAS_USERNAME) === 0 || (marks & IS_CONTACT) !== 0) continue
      if (((marks & IS_STUDENT) !== 0) !== (group === 'students')) continue
      numbers[(marks & HAS_AT) === 0 ? 0 : 1].push(number)
    }
    const [without, withAt] = numbers
    if (without.length === 0 || withAt.length === 0) return []
    const fewer = without.length < withAt.length ? without : withAt
    return [{ group, withAt: withAt.length, total: without.length + withAt.length, fewer }]
  })
}

// What a mapping asks of PowerSchool that the staged rows were not asked for.
import { columnsOf } from './planned-columns.ts'
import type { PlannedSource, StagedPlan } from './staged-plan.ts'

export interface Unread {
  /** Sources that were not read at all. */
  readonly sources: readonly string[]
  /** `students.u_students_extension.bus`: columns that were not asked for, or as another type. */
  readonly columns: readonly string[]
  /** Sources that are asked for in another way: another path, filter or query. */
  readonly readers: readonly string[]
  /** Another choice of schools or terms decides which lists are read, or a setting that the requests name. */
  readonly isOtherScope: boolean
}

export function unreadBy(read: StagedPlan, wanted: StagedPlan): Unread {
  const sources: string[] = []
  const columns: string[] = []
  const readers: string[] = []
  for (const [name, plan] of Object.entries(wanted.sources)) {
    if (plan.reader === undefined) continue
    const before = read.sources[name]
    if (before?.reader === undefined) {
      sources.push(name)
      continue
    }
    const missing = missingColumns(before, plan)
    columns.push(...missing.map((path) => `${name}.${path}`))
    // A query's name follows its SQL and what it delivers.
    const isSame = JSON.stringify([before.reader, before.within]) === JSON.stringify([plan.reader, plan.within])
    if (!isSame && missing.length === 0) readers.push(name)
  }
  const isOtherScope = read.scope !== wanted.scope || JSON.stringify(read.settings) !== JSON.stringify(wanted.settings)
  return { sources, columns, readers, isOtherScope }
}

/** Whether the rows serve as they are. What they hold beyond it does no harm. */
export function isAllRead({ sources, columns, readers, isOtherScope }: Unread): boolean {
  return sources.length + columns.length + readers.length === 0 && !isOtherScope
}

/** Begins with a blank; empty where nothing is lacking. */
export function describeUnread({ sources, columns, readers, isOtherScope }: Unread): string {
  const parts = [
    sources.length === 0 ? '' : ` Not read: ${sources.join(', ')}.`,
    columns.length === 0 ? '' : ` Columns that were not read: ${columns.join(', ')}.`,
    readers.length === 0 ? '' : ` Asked for in another way: ${readers.join(', ')}.`,
    isOtherScope
      ? ' What decides which lists are read has changed: the rules that they belong to (orgs.school and what it asks for), or a setting of the requests.'
      : '',
  ]
  return parts.join('')
}

function missingColumns(before: PlannedSource, plan: PlannedSource): string[] {
  const had = new Map(columnsOf(before.columns).map(({ path, type }) => [path, type]))
  const delivered = before.delivered && new Set(before.delivered)
  const wanted = plan.delivered && new Set(plan.delivered)
  return columnsOf(plan.columns)
    .filter(({ path, type }) => {
      const isWanted = wanted === undefined || isAt(path, wanted)
      return isWanted && (had.get(path) !== type || (delivered !== undefined && !isAt(path, delivered)))
    })
    .map(({ path }) => path)
}

/** A list column is delivered by its members. */
function isAt(path: string, delivered: ReadonlySet<string>): boolean {
  if (delivered.has(path)) return true
  return [...delivered].some((other) => other.startsWith(`${path}.`))
}

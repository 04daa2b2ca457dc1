// The conditions behind the paths: subtypes (`/students`) and parents (`/schools/{schoolId}/classes`), as SQL on the record `r`.
import type { SqlValue } from '../store/sql.ts'
import { allOf, type Fragment, fragment } from './fragment.ts'
import type { Collection } from './model.ts'

export type PathParameters = Readonly<Record<string, string>>

/** Where an answer comes from: which snapshot, and which tables (`records_<table>`) hold what the consumer may see. */
export interface Place {
  readonly generation: number
  readonly table: (collection: Collection) => string
}

/** A condition for the values in the path. */
export type Condition = (parameters: PathParameters, place: Place) => Fragment

/** `r."<column>" = '<token>'` */
export function ofType(column: 'type' | 'role', token: string): Condition {
  return () => fragment(`r."${column}" = ?`, token)
}

/** The record's own link leads to the parent. */
export function linked(column: string, parameter: string): Condition {
  return (parameters) => fragment(`r."${column}" = ?`, valueIn(parameters, parameter))
}

/** One of the record's list of links leads to the parent. */
export function linkedInList(collection: Collection, field: string, parameter: string): Condition {
  return (parameters, { table }) =>
    fragment(
      `r.seq in (select l.seq from links_${table(collection)} l where l.field = '${field}' and l.target = ?)`,
      valueIn(parameters, parameter),
    )
}

export function every(...conditions: readonly Condition[]): Condition {
  return (parameters, place) => allOf(conditions.map((condition) => condition(parameters, place)))
}

interface Through {
  readonly collection: Collection
  /** The column of the row between that names the record. */
  readonly to: string
  /** Column of the row between → parameter of the path that it must equal. */
  readonly by: readonly (readonly [column: string, parameter: string])[]
  readonly role?: 'student' | 'teacher'
}

/**
 * A row of another collection that names the record and the parent. The row is active; only where the record itself has
 * left does one that has left count too, so that a delta shows the tombstone where the record was.
 */
export function through({ collection, to, by, role }: Through): Condition {
  const conditions = [...by.map(([column]) => `e."${column}" = ?`), ...(role ? ['e."role" = ?'] : [])].join(' and ')
  // One uncorrelated subquery, which an index on sourcedId can be driven by.
  const condition = `${STATUSES} s where ${conditions} and ${visible('e', 's')}`
  return (parameters, { table, generation }) =>
    fragment(
      `(r.sourcedId, r.status) in (select e."${to}", s.status from records_${table(collection)} e, ${condition})`,
      ...by.map(([, parameter]) => valueIn(parameters, parameter)),
      ...(role ? [role] : []),
      ...sight(generation),
    )
}

/** The class of the path is at the school of the path. */
export const classIsAtSchool: Condition = (parameters, { table, generation }) =>
  fragment(
    `exists (select 1 from records_${table('classes')} c where c.sourcedId = ? and c."school" = ? and ${visible('c', 'r')})`,
    valueIn(parameters, 'classId'),
    valueIn(parameters, 'schoolId'),
    ...sight(generation),
  )

/** A term or semester, or any session that a class names among its terms. */
export const isTerm: Condition = (_parameters, { table, generation }) =>
  fragment(
    `(r."type" in ('term', 'semester') or exists (select 1 from links_${table('classes')} l join records_${table('classes')} c on c.seq = l.seq where l.field = 'terms' and l.target = r.sourcedId and ${visible('c', 'r')}))`,
    ...sight(generation),
  )

/** A session that a class of the school names among its terms, or one above or below such a session. */
export const isTermOfSchool: Condition = (parameters, { table, generation }) =>
  fragment(
    `(r.sourcedId, r.status) in (
      with recursive
        named(id, status) as (
          select l.target, s.status
          from records_${table('classes')} c join links_${table('classes')} l on l.seq = c.seq and l.field = 'terms', ${STATUSES} s
          where c."school" = ? and ${visible('c', 's')}),
        above(id, status) as (
          select id, status from named
          union
          select a."parent", b.status from above b join records_${table('academicSessions')} a on a.sourcedId = b.id
          where a."parent" is not null and ${visible('a', 'b')}),
        below(id, status) as (
          select id, status from named
          union
          select a.sourcedId, b.status from below b join records_${table('academicSessions')} a on a."parent" = b.id
          where ${visible('a', 'b')})
      select id, status from above union select id, status from below)`,
    valueIn(parameters, 'schoolId'),
    ...sight(generation),
    ...sight(generation),
    ...sight(generation),
  )

const STATUSES = "(select 'active' as status union all select 'tobedeleted')"

/** That a row belongs to the snapshot, and is active unless `asked` has itself left. Takes the parameters of `sight`. */
function visible(row: string, asked: string): string {
  return `${row}.born <= ? and ${row}.died > ? and (${row}.status = 'active' or ${asked}.status = 'tobedeleted')`
}

function sight(generation: number): readonly SqlValue[] {
  return [generation, generation]
}

function valueIn(parameters: PathParameters, name: string): string {
  const value = parameters[name]
  if (value === undefined) throw new Error(`The operation's path has no parameter ${name}`)
  return value
}

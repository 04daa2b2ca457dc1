// Makes the nested row that a source declares of a PowerQuery's flat one.
import type { QueryColumn } from './powerquery-plan.ts'

type FlatRow = Readonly<Record<string, unknown>>
interface NestedRow {
  [name: string]: unknown
}

/** Writes the columns of one group into it. */
type Fill = (flat: FlatRow, into: NestedRow) => void

/**
 * A function that makes the raw row (for `coerceRow`) of an answer's flat row. A group whose columns are all blank is not there:
 * where the source declares a list of groups, the list is empty then, and else holds the one group.
 */
export function queryRowReader(columns: readonly Pick<QueryColumn, 'alias' | 'path'>[]): (row: FlatRow) => NestedRow {
  const fill = compileGroup(columns.map(({ alias, path }) => ({ alias, names: path.split('.') })))
  return (flat) => {
    const row: NestedRow = {}
    fill(flat, row)
    return row
  }
}

interface Placed {
  readonly alias: string
  readonly names: readonly string[]
}

function compileGroup(columns: readonly Placed[]): Fill {
  const own = columns.flatMap(({ alias, names: [name, ...more] }) =>
    name === undefined || more.length > 0 ? [] : [{ alias, name }],
  )
  const groups = Map.groupBy(
    columns.filter(({ names }) => names.length > 1),
    ({ names }) => names[0] ?? '',
  )
  const inner = [...groups].map(([name, members]) => ({
    name,
    aliases: members.map(({ alias }) => alias),
    fill: compileGroup(members.map(({ alias, names }) => ({ alias, names: names.slice(1) }))),
  }))
  return (flat, into) => {
    for (const { alias, name } of own) into[name] = flat[alias]
    for (const { name, aliases, fill } of inner) {
      if (aliases.every((alias) => isBlank(flat[alias]))) continue
      const group: NestedRow = {}
      fill(flat, group)
      into[name] = group
    }
  }
}

const isBlank = (value: unknown) =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '')

// Who reads a column, and how PowerSchool delivers it; as data and as text.
import type { CheckedMapping } from '../check/check.ts'
import { columnAt, leafPaths } from '../check/column-paths.ts'
import { type ColumnReader, columnReaders } from '../check/column-uses.ts'
import type { Place } from '../diagnostic.ts'
import { queryName } from './powerschool-names.ts'

export interface ExplainedSourceColumn {
  /** `students.contact_info.email` */
  readonly column: string
  readonly type: string
  /** Where its source is declared. */
  readonly place: Place
  /** `STUDENTS.GUARDIANEMAIL`, where a PowerQuery delivers it. */
  readonly powerquery?: string
  /** Whether the source is read over REST too, where the column has the same path. */
  readonly isByRest: boolean
  readonly readers: readonly ColumnReader[]
}

/** All single columns; or those of a source, of a group, or one. None for what the mapping does not declare. */
export function explainColumns(checked: CheckedMapping, only?: string): ExplainedSourceColumn[] {
  return [...columnReaders(checked)]
    .filter(([column]) => only === undefined || column === only || column.startsWith(`${only}.`))
    .flatMap(([column, readers]) => explainColumn(column, readers, checked) ?? [])
}

function explainColumn(
  column: string,
  readers: readonly ColumnReader[],
  { tree }: CheckedMapping,
): ExplainedSourceColumn | undefined {
  const dot = column.indexOf('.')
  const path = column.slice(dot + 1)
  const source = tree.sources.get(column.slice(0, dot))
  const [leaf] = source ? leafPaths(source.shape).filter((known) => known === path) : []
  if (source === undefined || leaf === undefined) return undefined
  const shape = columnAt(source.shape, path)
  const of = shape?.kind === 'list' ? shape.of : shape
  const powerquery = queryName(source, path)
  const [table = ''] = path.split('.')
  const isJoined = source.powerquery?.extend.some((extension) => extension.table.text === table) === true
  return {
    column,
    type: `${shape?.kind === 'list' ? 'list of ' : ''}${of?.kind === 'scalar' ? of.type : 'group'}`,
    place: source.place,
    ...(powerquery !== undefined && { powerquery }),
    // What only the plugin joins is not asked for over REST.
    isByRest: source.rest !== undefined && (!isJoined || source.rest.extend.includes(table)),
    readers,
  }
}

export function columnText({ column, type, powerquery, isByRest, readers }: ExplainedSourceColumn): string {
  const ways = [...(isByRest ? ['REST'] : []), ...(powerquery === undefined ? [] : [`PowerQuery ${powerquery}`])]
  const head = `${column} (${type}; by ${ways.join(' and by ') || 'no reader'})`
  if (readers.length === 0) return `${head}\n  nobody reads it`
  const width = Math.max(...readers.map(({ use }) => use.length))
  const lines = readers.map(({ use, place }) =>
    `  ${use.padEnd(width)}  ${place ? `${place.file}:${place.line}` : 'the bridge itself'}`.trimEnd(),
  )
  return [head, ...lines].join('\n')
}

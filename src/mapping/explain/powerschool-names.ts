// What PowerSchool calls a column of a source.
import type { MappingTree, SourceTree } from '../schema/mapping-tree.ts'

/** Of columns such as `students.phones.main.number`, each name once, in their order. */
export function powerSchoolNames(columns: readonly string[], tree: MappingTree): string[] {
  return [...new Set(columns.flatMap((column) => nameOfColumn(column, tree) ?? []))]
}

/** `STUDENTS.HOME_PHONE` where a PowerQuery tells it; else the path in the rows of /ws/v1. Undefined for what nothing reads. */
function nameOfColumn(column: string, tree: MappingTree): string | undefined {
  const dot = column.indexOf('.')
  const source = tree.sources.get(column.slice(0, dot))
  const path = column.slice(dot + 1)
  if (source === undefined) return undefined
  return queryName(source, path) ?? extensionName(source, path) ?? restName(source, path)
}

/** As the PowerQuery's `columns` tell it, or of an extension table that it joins. */
export function queryName({ powerquery }: SourceTree, path: string): string | undefined {
  const told = powerquery?.columns.find((column) => column.path.text === path)?.column.text
  if (told !== undefined) return told
  const isJoined = powerquery?.extend.some(({ table }) => path.startsWith(`${table.text}.`))
  return isJoined ? path.toUpperCase() : undefined
}

/** /ws/v1 gives extension tables beside the row. */
function extensionName({ rest }: SourceTree, path: string): string | undefined {
  return rest?.extend.some((table) => path.startsWith(`${table}.`)) ? path.toUpperCase() : undefined
}

const restName = ({ rest }: SourceTree, path: string) => (rest ? `${path} of ${rest.get.text}` : undefined)

// What to say of a name that is no column: where PowerSchool's column of that name, or a member of a group, is to be found.
import type { SourceTree } from '../schema/mapping-tree.ts'
import { EXTENSION_TABLE } from '../shape.ts'
import { leafPaths } from './column-paths.ts'
import { listSome, MOST, nearest, nearestSlip, plainName } from './suggest.ts'

const READERS = ['rest', 'powerquery'] as const

/** Begins with a blank. `others` are the names beside the columns: lookups, `settings`. */
export function columnHint(name: string, source: SourceTree, others: readonly string[]): string {
  const columns = [...source.shape.members.keys()]
  const isExtension = EXTENSION_TABLE.test(name)
  const own = isExtension ? undefined : ownName(name, source)
  if (own !== undefined) return own
  const near = isExtension ? nearestSlip(name, columns) : nearest(name, [...others, ...columns])
  if (near !== undefined) return ` Did you mean \`${near}\`?`
  if (isExtension) {
    const readers = READERS.filter((reader) => source[reader]).map((reader) => `\`${reader}.extend\``)
    const at = `\`sources.${source.name}.fields\``
    return ` Declare the extension table at ${at}, and name it in ${readers.join(' and ')}.`
  }
  const member = nearest(name, membersOf(source).map(lastOf))
  if (member !== undefined) return ` Did you mean \`${membersOf(source).find((path) => lastOf(path) === member)}\`?`
  const all = ` (all: \`bridge mapping explain ${source.name}\`)`
  const some = columns.length > MOST ? `${listSome(columns)}${all}` : listSome(columns)
  const also = others.length > 0 ? ` Also: ${listSome(others)}` : ''
  return ` Columns: ${some}${also}`
}

/** The columns that stand in groups. */
const membersOf = ({ shape }: SourceTree) => leafPaths(shape).filter((path) => path.includes('.'))

/** A member of a group that is called so, or the column that PowerSchool calls so. */
function ownName(name: string, source: SourceTree): string | undefined {
  const wanted = plainName(name)
  const { powerquery } = source
  const member = membersOf(source).find((path) => plainName(lastOf(path)) === wanted)
  if (member !== undefined) return ` Did you mean \`${member}\`?`
  const named = powerquery?.columns.filter(({ column }) => plainName(lastOf(column.text)) === wanted) ?? []
  const found = named.find(({ column }) => column.text.startsWith(`${powerquery?.core.text}.`)) ?? named[0]
  if (found === undefined) return undefined
  return ` PowerSchool's ${lastOf(found.column.text)} is \`${found.path.text}\` here.`
}

const lastOf = (path: string) => path.slice(path.lastIndexOf('.') + 1)

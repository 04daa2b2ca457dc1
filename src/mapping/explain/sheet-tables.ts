// The code tables of the sheet: each code, what it becomes, where that is written, and what a layer replaced.
import type { CheckedMapping } from '../check/check.ts'
import type { Place } from '../diagnostic.ts'
import type { TableTree } from '../schema/mapping-tree.ts'
import { byFile, removalOf, replacedBy, type Said } from './history.ts'

export interface SheetTable {
  readonly name: string
  readonly place: Place
  /** One of each file that has codes of it; the first is `place`. */
  readonly places: readonly Place[]
  readonly codes: readonly SheetCode[]
  /** What an unlisted code becomes, in words. */
  readonly otherwise: Omit<SheetCode, 'code' | 'isRemoved'>
}

export interface SheetCode {
  readonly code: string
  readonly value: string
  readonly place: Place
  readonly replaces: readonly { readonly formula: string; readonly place: Place }[]
  /** A layer took the code away. */
  readonly isRemoved?: boolean
}

export function sheetTables(checked: CheckedMapping): SheetTable[] {
  return [...checked.tree.tables].map(([name, table]) => {
    const { place, places, codes } = table
    const gone = checked
      .below()
      .flatMap((tree) => [...(tree.tables.get(name)?.codes.keys() ?? [])])
      .filter((code) => !codes.has(code))
    const before = (now: Said | undefined, pick: (lower: TableTree) => Said | undefined) =>
      replacedBy(now, checked, (tree) => {
        const lower = tree.tables.get(name)
        return lower && pick(lower)
      }).map((said) => ({ formula: said.text, place: said.places[0] }))
    const listed = [...codes].map(([code, value]): SheetCode => {
      const said = saidOfCode(table, code)
      return {
        code,
        value,
        place: said?.places[0] ?? place,
        replaces: before(said, (lower) => saidOfCode(lower, code)),
      }
    })
    const removed = [...new Set(gone)].map(
      (code): SheetCode => ({
        code,
        value: 'taken away: as any other',
        place: removalOf(`tables.${name}.${code}`, checked.tree) ?? place,
        replaces: before(undefined, (lower) => saidOfCode(lower, code)),
        isRemoved: true,
      }),
    )
    const rest = saidOfOthers(table)
    return {
      name,
      place,
      places: byFile([place, ...places.values()]),
      codes: [...listed, ...removed],
      otherwise: { value: rest.text, place: rest.places[0], replaces: before(rest, saidOfOthers) },
    }
  })
}

function saidOfCode({ codes, places }: TableTree, code: string): Said | undefined {
  const [text, place] = [codes.get(code), places.get(code)]
  return text === undefined || place === undefined ? undefined : { text, places: [place] }
}

const OTHERWISE = { error: 'blank, and reported', blank: 'blank', same: 'the code itself' } as const

function saidOfOthers({ otherwise, place, places }: TableTree): Said {
  const text = typeof otherwise === 'object' ? otherwise.value : OTHERWISE[otherwise]
  return { text, places: [places.get('otherwise') ?? place] }
}

// The text of a value on one line, as its author wrote it, and where it stands.
import type { Place } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import type { FieldTree, FormulaTree, LookupTree, Selection, ValueTree } from '../schema/mapping-tree.ts'

/** Where the value begins, in the file that holds its text. */
export const placeOf = (value: ValueTree): Place =>
  value.kind === 'formula' || value.kind === 'constant' ? value.node.place : value.place

/** What the author wrote, its line breaks as blanks. Quotes of YAML are left out. */
export const textOfNode = ({ text }: Pick<ScalarNode, 'text'>) => text.trim().replace(/\s*\n\s*/g, ' ')

export const textOfFormula = ({ node }: Pick<FormulaTree, 'node'>) => textOfNode(node)

/** Forms are written as YAML writes them on one line: `{ ref: orgs.school, key: =school_id }`. */
export function textOfValue(value: ValueTree): string {
  switch (value.kind) {
    case 'formula':
    case 'constant':
      return textOfNode(value.node)
    case 'list':
      return `[${value.items.map(textOfValue).join(', ')}]`
    case 'group':
      return mapText(entriesOf(value.members))
    case 'ref':
      return textOfSelection(value.many ? 'refs' : 'ref', value.selection)
    case 'inverse': {
      const [only, ...more] = value.fields.map(textOfNode)
      const inverse = more.length === 0 && only !== undefined ? only : `[${[only, ...more].join(', ')}]`
      return mapText([['inverse', inverse], ...narrowingOf(value)])
    }
    case 'each':
      return mapText([
        ['each', textOfFormula(value.list)],
        ['as', value.as.text],
        ...narrowingOf({ where: value.where }),
        ['value', textOfValue(value.value)],
      ])
    case 'choose': {
      const cases = value.cases.map(({ when, value: then }) =>
        mapText([
          ['when', textOfFormula(when)],
          ['then', textOfValue(then)],
        ]),
      )
      if (value.otherwise) cases.push(mapText([['else', textOfValue(value.otherwise)]]))
      return mapText([['choose', `[${cases.join(', ')}]`]])
    }
    case 'broken':
      return ''
    default:
      return value satisfies never
  }
}

export function textOfLookup({ from, many, missing }: LookupTree): string {
  const word = many ? 'all' : 'in'
  if (from.kind === 'broken') return ''
  const more: Pair[] = missing === 'blank' ? [['missing', 'blank']] : []
  if (from.kind === 'rows') return textOfSelection(word, from.selection, more)
  return mapText([[word, textOfFormula(from.list)], ...narrowingOf(from), ...more])
}

type Pair = readonly [name: string, text: string]

function textOfSelection(word: string, selection: Selection, more: readonly Pair[] = []): string {
  const { target, key, match } = selection
  return mapText([
    [word, target.text],
    ...(key ? [['key', textOfValue(key)] as const] : []),
    ...(match ? [['match', mapText(entriesOf(match))] as const] : []),
    ...narrowingOf(selection),
    ...more,
  ])
}

interface Narrowing {
  readonly where: readonly FormulaTree[]
  readonly order?: FormulaTree
  readonly take?: string
}

function narrowingOf({ where, order, take }: Narrowing): Pair[] {
  const [only, ...rest] = where.map(textOfFormula)
  return [
    ...(only === undefined ? [] : [['where', rest.length === 0 ? only : `[${[only, ...rest].join(', ')}]`] as const]),
    ...(order ? [['order', textOfFormula(order)] as const] : []),
    ...(take === undefined ? [] : [['take', take] as const]),
  ]
}

const entriesOf = (members: readonly FieldTree[]): Pair[] =>
  members.map(({ name, value }) => [name, textOfValue(value)])

const mapText = (pairs: readonly Pair[]) =>
  pairs.length === 0 ? '{}' : `{ ${pairs.map(([name, text]) => `${name}: ${text}`).join(', ')} }`

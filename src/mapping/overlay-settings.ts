// A layer's settings are of the kind that they have below: the rules below read them as that.
import type { Report } from './diagnostic.ts'
import { isFormula } from './schema-reader.ts'
import { entryOf, type MapEntry, type MapNode, type Node, type ScalarNode } from './tree.ts'

/** The layer without the settings of another kind, which are reported where they stand; what is below stays in their place. */
export function withFittingSettings(upper: MapNode, lower: MapNode, report: Report): MapNode {
  const below = entryOf(lower, 'settings')?.value
  const fits = ({ key, name, value }: MapEntry): boolean => {
    const replaced = below?.kind === 'map' ? entryOf(below, name)?.value : undefined
    const wanted = replaced && isPlain(replaced) ? kindOf(replaced) : undefined
    if (wanted === undefined || !isPlain(value) || kindOf(value) === wanted) return true
    report(
      value.place,
      'type',
      `\`settings.${key.text}\` is ${WANTED[wanted].is}, not \`${value.text}\`. ${WANTED[wanted].hint}`,
    )
    return false
  }
  const entries = upper.entries.map((entry) =>
    entry.name === 'settings' && entry.value.kind === 'map'
      ? { ...entry, value: { ...entry.value, entries: entry.value.entries.filter(fits) } }
      : entry,
  )
  return { ...upper, entries }
}

/** Null removes. */
const isPlain = (node: Node): node is ScalarNode => node.kind === 'scalar' && node.value !== null && !isFormula(node)

type Kind = keyof typeof WANTED

const WANTED = {
  boolean: { is: 'true or false', hint: 'Write true or false, without quotes.' },
  number: { is: 'a number', hint: 'Write digits, without quotes.' },
  text: { is: 'text', hint: 'Put it in quotes.' },
} as const

function kindOf({ quoted, value }: ScalarNode): Kind {
  if (quoted || typeof value === 'string') return 'text'
  return typeof value === 'boolean' ? 'boolean' : 'number'
}

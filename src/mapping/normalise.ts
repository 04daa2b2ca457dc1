// Puts parts of a mapping's tree into one normal form, which comments, layout and places do not change.
import { printFormula } from './formula/print-formula.ts'

type Part = Readonly<Record<string, unknown>>

/** Places go, formulas are printed, scalars are their text, maps are lists of pairs in their order. */
export function normalise(part: unknown): unknown {
  if (part instanceof Map) return [...part].map(([name, value]) => [name, normalise(value)])
  if (Array.isArray(part)) return part.map(normalise)
  if (typeof part !== 'object' || part === null) return part
  const node: Part = { ...part }
  // The trees are plain data; these two kinds carry the text that was written.
  if (node.kind === 'formula') return `=${printFormula(node.expression as Parameters<typeof printFormula>[0])}`
  if (node.kind === 'scalar' && 'placeAt' in node) return node.text
  return Object.fromEntries(
    Object.entries(node)
      .filter(([name]) => name !== 'place' && name !== 'collectionKey')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, normalise(value)]),
  )
}

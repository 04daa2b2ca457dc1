// Reads the shapes that the schema is made of (maps with known keys, names, words, formulas) and reports what does not fit.

import { listSome, suggest } from '../check/suggest.ts'
import type { Place, Report } from '../diagnostic.ts'
import { bindInherited, type Fold } from '../files/inherited.ts'
import type { MapEntry, MapNode, Node, ScalarNode } from '../files/tree.ts'
import { parseFormula } from '../formula/formula.ts'
import { isKeyOf, type KeyOf, type KindName, keysOf, kindOf } from './grammar.ts'
import type { FormulaTree } from './mapping-tree.ts'

/** The entries of a map by key, those that the grammar does not give its kind reported. */
export interface Keys<K extends KindName = KindName> extends ReadonlyMap<KeyOf<K>, MapEntry> {
  /** How messages name the map: `a rule`. */
  readonly what: string
  readonly removed?: MapNode['removed']
}

export function readKeys<K extends KindName>(node: MapNode, kind: K, report: Report): Keys<K> {
  const { what } = kindOf(kind)
  const keys = Object.assign(new Map<KeyOf<K>, MapEntry>(), { what }, node.removed && { removed: node.removed })
  for (const entry of node.entries) {
    const { name } = entry
    if (isKeyOf(kind, name)) keys.set(name, entry)
    else report(entry.key.place, 'key', `${what} has no key \`${name}\`.${keyHint(name, kind)}`)
  }
  return keys
}

function keyHint(name: string, kind: KindName): string {
  if (kind === 'file' && isKeyOf('rule', name)) return ` It is a key of a rule: entities, users, student, ${name}.`
  return suggest(name, keysOf(kind))
}

export function expectMap(node: Node, what: string, report: Report): MapNode | undefined {
  if (node.kind === 'map') return node
  const found = isEmpty(node) ? ', nothing stands here' : isGlued(node) ? '. Write a blank after the `:`.' : ''
  report(node.place, 'shape', `${what} is a map of keys and values${found}`)
  return undefined
}

/** `key:value` is one text for YAML. */
const isGlued = (node: Node) => node.kind === 'scalar' && !node.quoted && /^\w+:\S/.test(node.text)

export const isEmpty = (node: Node) => node.kind === 'scalar' && node.value === null

type FormulaNode = ScalarNode & { readonly text: `=${string}` }

export const isFormula = (node: Node): node is FormulaNode => node.kind === 'scalar' && node.text.startsWith('=')

/** `=inherited` alone, where nothing below was put in its place. */
export const isInherited = (node: Node) => isFormula(node) && /^=\s*inherited\s*$/.test(node.text)

/** A name or other plain text. */
export function readWord(node: Node | undefined, what: string, report: Report): ScalarNode | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'scalar' && node.value !== null && !isFormula(node)) return node
  if (isInherited(node)) {
    report(node.place, 'extends', `no layer below has anything here, so ${what} has nothing to inherit`)
    return undefined
  }
  const found = isFormula(node) ? 'a formula' : node.kind === 'scalar' ? 'nothing' : `a ${node.kind}`
  report(node.place, 'shape', `${what} is plain text, found ${found}`)
  return undefined
}

export function readOneOf<T extends string>(
  node: Node | undefined,
  options: { readonly what: string; readonly words: readonly T[]; readonly report: Report },
): T | undefined {
  const word = readWord(node, options.what, options.report)
  const found = options.words.find((known) => known === word?.text)
  if (word !== undefined && found === undefined) {
    const { what, words } = options
    options.report(word.place, 'value', `${what} can't be "${word.text}". Known here: ${listSome(words)}`)
  }
  return found
}

export function readWords(node: Node | undefined, what: string, report: Report): string[] {
  if (node === undefined) return []
  const items = node.kind === 'list' ? node.items : [node]
  return items.flatMap((item) => readWord(item, what, report)?.text ?? [])
}

/** A missing key is reported at the map's own place, or where a layer removes it. */
export function needKey<K extends KindName>(
  keys: Keys<K>,
  name: KeyOf<K>,
  at: Place,
  report: Report,
): Node | undefined {
  const entry = keys.get(name)
  if (entry === undefined) report(keys.removed?.get(name) ?? at, 'key', `${keys.what} needs \`${name}:\``)
  return entry?.value
}

export function readFormula(node: Node | undefined, what: string, report: Report): FormulaTree | undefined {
  if (node === undefined) return undefined
  if (isFormula(node)) return parse(node, 'list', report)
  const hint = node.kind === 'scalar' && node.value !== null ? ` Write \`=${node.text}\`.` : ''
  report(node.place, 'shape', `${what} is a formula, it begins with \`=\`.${hint}`)
  return undefined
}

/** One formula, or a list of formulas that must all hold. */
export function readFormulas(node: Node | undefined, what: string, report: Report): FormulaTree[] {
  if (node === undefined) return []
  const items = node.kind === 'list' ? node.items : [node]
  return items.flatMap((item) => (isFormula(item) ? parse(item, 'all', report) : readFormula(item, what, report)) ?? [])
}

const CUT_HINTS = {
  comma: 'Inside { } or [ ], quote a formula that has commas.',
  comment: "A ` #` begins a comment in YAML: put the whole formula in '…' quotes.",
} as const

function parse(node: ScalarNode, fold: Fold, report: Report): FormulaTree | undefined {
  const parsed = parseFormula(node.text.slice(1))
  if (parsed.ok) {
    const formula: FormulaTree = { kind: 'formula', node, expression: parsed.expression }
    return bindInherited(formula, { fold, report, parse: (lower) => parse(lower, fold, report) })
  }
  const hint = node.cut ? CUT_HINTS[node.cut] : parsed.hint
  const message = hint && !/[.?!]$/.test(parsed.message) ? `${parsed.message}.` : parsed.message
  report(placeIn(node, parsed.offset), 'formula', hint ? `${message} ${hint}` : message)
  return undefined
}

/** The place in the file of an offset in the formula. */
export const placeIn = (node: ScalarNode, offset: number): Place => node.placeAt(offset + 1)

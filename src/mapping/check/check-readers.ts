// Checks how sources are read, and finds the order in which a crawl can read them.

import type { Place, Report } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import type { MappingTree, PowerqueryTree, RestTree, SourceTree } from '../schema/mapping-tree.ts'
import { shapeAt } from '../shape.ts'
import { scopeSources } from './check-cycles.ts'
import { settingIn } from './check-powerquery.ts'
import { columnAt } from './column-paths.ts'
import type { Needs } from './needs.ts'
import { rowsOf, settingNames, settingType } from './scope.ts'
import { suggest } from './suggest.ts'

export interface Parent {
  readonly of: 'rule' | 'source'
  /** `orgs.school` or `sections` */
  readonly name: string
  readonly column: string
}

export interface ReaderPlan {
  /** Source names; a parent, and all that a parent rule's scope reads, before its children. Right for both readers. */
  readonly order: readonly string[]
  /** Of the `rest` readers, by source. */
  readonly parents: ReadonlyMap<string, Parent>
  /** Of the `within` of `powerquery` readers, by source. */
  readonly within: ReadonlyMap<string, Parent>
}

/** The source whose rows tell the school year; what asks for `settings.start_year` is read after it. */
const TERMS = 'terms'

/** What a source waits for, and the text that makes it. */
type Waits = Map<string, Place>

interface Planning {
  readonly tree: MappingTree
  readonly needs: ReadonlyMap<string, Needs>
  readonly report: Report
}

export function planReaders(tree: MappingTree, needs: ReadonlyMap<string, Needs>, report: Report): ReaderPlan {
  const planning = { tree, needs, report }
  const parents = new Map<string, Parent>()
  const within = new Map<string, Parent>()
  const waits = new Map<string, Waits>()
  for (const source of tree.sources.values()) {
    const waitsFor: Waits = new Map()
    waits.set(source.name, waitsFor)
    const { rest, powerquery } = source
    const parent = rest && planRest(source, rest, waitsFor, planning)
    if (parent) parents.set(source.name, parent)
    const kept = powerquery && planPowerquery(source, powerquery, waitsFor, planning)
    if (kept) within.set(source.name, kept)
  }
  return { order: inOrder(tree, waits, report), parents, within }
}

function planRest(source: SourceTree, rest: RestTree, waits: Waits, planning: Planning): Parent | undefined {
  const { tree, report } = planning
  const { place } = rest.get
  const parent = readParent(source, rest, tree, report)
  if (parent) waitForParent(parent, place, waits, planning)
  const settings = rest.q ? readPlaceholders(rest.q, tree, report) : []
  if (settings.includes('start_year') && source.name !== TERMS) waitFor(TERMS, place, waits, planning)
  return parent
}

function planPowerquery(
  source: SourceTree,
  { args, within }: PowerqueryTree,
  waits: Waits,
  planning: Planning,
): Parent | undefined {
  for (const { is } of args) {
    if (settingIn(is.text) !== 'start_year') continue
    if (source.name !== TERMS) waitFor(TERMS, is.place, waits, planning)
    else {
      const message =
        '`terms` tell the start year, so they are asked for by `settings.first_term_year` and `last_term_year`'
      planning.report(is.place, 'cycle', message)
    }
  }
  if (within === undefined) return undefined
  const parent = readParentPath(source, within.parent, { path: within.parent.text, offset: 0 }, planning)
  if (parent === undefined) return undefined
  waitForParent(parent, within.parent.place, waits, planning)
  checkWithinType(source, within, parent, planning)
  return parent
}

function waitFor(name: string, place: Place, waits: Waits, { tree }: Planning): void {
  if (tree.sources.has(name) && !waits.has(name)) waits.set(name, place)
}

function waitForParent(parent: Parent, place: Place, waits: Waits, planning: Planning): void {
  const names = parent.of === 'source' ? [parent.name] : scopeSources(parent.name, planning.needs)
  for (const name of names) waitFor(name, place, waits, planning)
}

function checkWithinType(
  source: SourceTree,
  { path, parent: { place, text } }: NonNullable<PowerqueryTree['within']>,
  parent: Parent,
  { tree, report }: Planning,
): void {
  const own = columnAt(source.shape, path.text)
  const rows = rowsOf(tree, parent.name)
  const theirs = rows && shapeAt(rows.source.shape, parent.column.split('.'))
  if (own?.kind !== 'scalar' || theirs?.kind !== 'scalar' || own.type === theirs.type) return
  report(
    place,
    'type',
    `\`${source.name}.${path.text}\` is ${own.type}, \`${text}\` is ${theirs.type}: they are never equal`,
  )
}

interface Placeholder {
  readonly path: string
  readonly offset: number
}

const placeholdersOf = (node: ScalarNode): Placeholder[] =>
  [...node.text.matchAll(/\{([^{}]*)\}/g)].map((found) => ({ path: found[1] ?? '', offset: found.index + 1 }))

/** Settings named in `q`; nothing else may stand there. */
function readPlaceholders(q: ScalarNode, tree: MappingTree, report: Report): string[] {
  return placeholdersOf(q).flatMap(({ path, offset }) => {
    const name = path.startsWith('settings.') ? path.slice('settings.'.length) : undefined
    if (name !== undefined && settingType(tree, name)) return [name]
    const known = settingNames(tree).map((setting) => `settings.${setting}`)
    report(q.placeAt(offset), 'name', `\`q\` knows no \`{${path}}\`, it takes settings.${suggest(path, known)}`, [path])
    return []
  })
}

function readParent(source: SourceTree, { get }: RestTree, tree: MappingTree, report: Report): Parent | undefined {
  const [first, second] = placeholdersOf(get)
  if (second) report(get.placeAt(second.offset), 'shape', '`get` names one parent at most')
  return first && readParentPath(source, get, first, { tree, report })
}

/** `orgs.school.id` or `sections.id` inside the text of a node. */
function readParentPath(
  source: SourceTree,
  node: ScalarNode,
  first: Placeholder,
  { tree, report }: Pick<Planning, 'tree' | 'report'>,
): Parent | undefined {
  const dot = first.path.lastIndexOf('.')
  const name = first.path.slice(0, Math.max(dot, 0))
  const column = first.path.slice(dot + 1)
  const rows = rowsOf(tree, name)
  const at = node.placeAt(first.offset)
  if (rows === undefined) {
    const missing = [`entities.${name}`, `sources.${name}`]
    if (tree.off.has(name)) report(at, 'ref', `\`${name}\` is switched off (\`enabled: false\`)`, missing)
    if (tree.seen.has(`sources.${name}`) || tree.seen.has(`entities.${name}`)) return undefined
    const known = [...tree.sources.keys(), ...tree.rules.keys()].filter((other) => other !== source.name)
    const found = name || first.path
    report(
      at,
      'name',
      `a parent is a source or a rule and its column, there is no \`${found}\`.${suggest(found, known)}`,
      missing,
    )
    return undefined
  }
  const shape = shapeAt(rows.source.shape, [column])
  if (shape?.kind === 'scalar') return { of: rows.rule ? 'rule' : 'source', name, column }
  const hint = suggest(column, [...rows.source.shape.members.keys()])
  const message = `\`${rows.source.name}\` has no column \`${column}\`.${hint}`
  const missing = [`sources.${rows.source.name}.fields.${column}`]
  report(node.placeAt(first.offset + dot + 1), 'path', message, missing)
  return undefined
}

/** Sources in file order, each after what it waits for. */
function inOrder(tree: MappingTree, waits: ReadonlyMap<string, Waits>, report: Report): string[] {
  const order: string[] = []
  const path: string[] = []
  const visit = (name: string) => {
    if (order.includes(name)) return
    const start = path.indexOf(name)
    if (start >= 0) {
      const ring = [...path.slice(start), name]
      const chain = ring.map((part) => `\`${part}\``).join(', which waits for ')
      const place = waits.get(name)?.get(ring[1] ?? name)
      if (place) report(place, 'cycle', `reading ${chain.replace(', which waits', ' waits')}`)
      return
    }
    path.push(name)
    for (const other of waits.get(name)?.keys() ?? []) visit(other)
    path.pop()
    if (!order.includes(name)) order.push(name)
  }
  for (const name of tree.sources.keys()) visit(name)
  return order
}

// Checks how sources are read, and finds the order in which a crawl can read them.
import { scopeSources } from './check-cycles.ts'
import type { Report } from './diagnostic.ts'
import type { MappingTree, RestTree, SourceTree } from './mapping-tree.ts'
import type { Needs } from './needs.ts'
import { rowsOf, settingNames, settingType } from './scope.ts'
import { shapeAt } from './shape.ts'
import { suggest } from './suggest.ts'
import type { ScalarNode } from './tree.ts'

export interface Parent {
  readonly of: 'rule' | 'source'
  /** `orgs.school` or `sections` */
  readonly name: string
  readonly column: string
}

export interface ReaderPlan {
  /** Source names; a parent, and all that a parent rule's scope reads, before its children. */
  readonly order: readonly string[]
  readonly parents: ReadonlyMap<string, Parent>
}

/** The source whose rows tell the school year; what asks for `settings.start_year` is read after it. */
const TERMS = 'terms'

export function planReaders(tree: MappingTree, needs: ReadonlyMap<string, Needs>, report: Report): ReaderPlan {
  const parents = new Map<string, Parent>()
  const waits = new Map<string, Set<string>>()
  for (const source of tree.sources.values()) {
    const waitsFor = new Set<string>()
    waits.set(source.name, waitsFor)
    if (!source.rest) continue
    const parent = readParent(source, source.rest, tree, report)
    if (parent) parents.set(source.name, parent)
    if (parent?.of === 'source') waitsFor.add(parent.name)
    if (parent?.of === 'rule') for (const name of scopeSources(parent.name, needs)) waitsFor.add(name)
    const settings = source.rest.q ? readPlaceholders(source.rest.q, tree, report) : []
    if (settings.includes('start_year') && source.name !== TERMS && tree.sources.has(TERMS)) waitsFor.add(TERMS)
  }
  return { order: inOrder(tree, waits, report), parents }
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
    report(q.placeAt(offset), 'name', `\`q\` knows no \`{${path}}\`, it takes settings.${suggest(path, known)}`)
    return []
  })
}

function readParent(source: SourceTree, { get }: RestTree, tree: MappingTree, report: Report): Parent | undefined {
  const [first, second] = placeholdersOf(get)
  if (second) report(get.placeAt(second.offset), 'shape', '`get` names one parent at most')
  if (first === undefined) return undefined
  const dot = first.path.lastIndexOf('.')
  const name = first.path.slice(0, Math.max(dot, 0))
  const column = first.path.slice(dot + 1)
  const rows = rowsOf(tree, name)
  const at = get.placeAt(first.offset)
  if (rows === undefined) {
    if (tree.off.has(name)) report(at, 'ref', `\`${name}\` is switched off (\`enabled: false\`)`)
    if (tree.seen.has(`sources.${name}`) || tree.seen.has(`entities.${name}`)) return undefined
    const known = [...tree.sources.keys(), ...tree.rules.keys()].filter((other) => other !== source.name)
    const found = name || first.path
    report(
      at,
      'name',
      `a parent is a source or a rule and its column, there is no \`${found}\`.${suggest(found, known)}`,
    )
    return undefined
  }
  const shape = shapeAt(rows.source.shape, [column])
  if (shape?.kind === 'scalar') return { of: rows.rule ? 'rule' : 'source', name, column }
  const hint = suggest(column, [...rows.source.shape.members.keys()])
  report(get.placeAt(first.offset + dot + 1), 'path', `\`${rows.source.name}\` has no column \`${column}\`.${hint}`)
  return undefined
}

/** Sources in file order, each after what it waits for. */
function inOrder(tree: MappingTree, waits: ReadonlyMap<string, ReadonlySet<string>>, report: Report): string[] {
  const order: string[] = []
  const path: string[] = []
  const visit = (name: string) => {
    if (order.includes(name)) return
    const start = path.indexOf(name)
    if (start >= 0) {
      const ring = [...path.slice(start), name].map((part) => `\`${part}\``).join(', which waits for ')
      const source = tree.sources.get(name)
      if (source)
        report(source.rest?.get.place ?? source.place, 'cycle', `reading ${ring.replace(', which waits', ' waits')}`)
      return
    }
    path.push(name)
    for (const other of waits.get(name) ?? []) visit(other)
    path.pop()
    if (!order.includes(name)) order.push(name)
  }
  for (const name of tree.sources.keys()) visit(name)
  return order
}

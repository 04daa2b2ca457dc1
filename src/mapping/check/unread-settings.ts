// Settings of a layer that nothing reads, and that are a slip of one that is read.
import type { Report } from '../diagnostic.ts'
import { entryOf, type MapNode, type Node, type ScalarNode } from '../files/tree.ts'
import { ENGINE_SETTINGS } from './scope.ts'
import { nearestSlip } from './suggest.ts'

/** More letters make it another name, which a layer above may read. */
const SLIP_LETTERS = 2

/** Settings of a layer that no layer below has. */
export function newSettings(lower: MapNode, upper: MapNode): ScalarNode[] {
  const known = settingsOf(lower)
  return settingsOf(upper).filter(({ text }) => !known.some((below) => below.text === text))
}

/** What is read is read by any text of any layer: a rule that is switched off, or replaced further up, counts too. */
export function tellUnread(settings: readonly ScalarNode[], trees: readonly MapNode[], report: Report): void {
  if (settings.length === 0) return
  const read = new Set<string>(ENGINE_SETTINGS.keys())
  for (const tree of trees) for (const { name, value } of tree.entries) if (name !== 'settings') note(value, read)
  for (const { text, place } of settings) {
    const near = read.has(text) ? undefined : nearestSlip(text, [...read], SLIP_LETTERS)
    if (near !== undefined) report(place, 'name', `nothing reads \`settings.${text}\`. Did you mean \`${near}\`?`)
  }
}

function settingsOf(tree: MapNode): ScalarNode[] {
  const node = entryOf(tree, 'settings')?.value
  return node?.kind === 'map' ? node.entries.map(({ key }) => key) : []
}

function note(node: Node, read: Set<string>): void {
  if (node.kind === 'list') for (const item of node.items) note(item, read)
  else if (node.kind === 'map') for (const { value } of node.entries) note(value, read)
  else if (node.text.includes('settings'))
    for (const [, name = ''] of node.text.matchAll(/\bsettings\s*\.\s*(\w+)/g)) read.add(name)
}

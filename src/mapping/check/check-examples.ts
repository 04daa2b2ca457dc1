// Checks that examples use the names of the sources and fields that they are about.

import type { Report } from '../diagnostic.ts'
import { type MapNode, type Node, typedData } from '../files/tree.ts'
import { ID } from '../run/create-only.ts'
import type { ExampleTree, MappingTree, RuleTree } from '../schema/mapping-tree.ts'
import type { GroupShape, Shape } from '../shape.ts'
import { settingNames } from './scope.ts'
import { describeWord, hintFor, strangeWords } from './setting-words.ts'
import { suggest } from './suggest.ts'
import type { TargetField, TargetModel } from './target.ts'

export function checkExamples(rule: RuleTree, tree: MappingTree, target: TargetModel, report: Report): void {
  const source = tree.sources.get(rule.from.text)
  const fields = target[rule.collection]?.fields
  if (source === undefined || fields === undefined) return
  for (const example of rule.examples) {
    checkColumns(example.row, source.shape, source.name, report)
    checkGiven(example, tree, report)
    checkPublished(example, rule, fields, report)
    if (example.gives === 'nothing') continue
    for (const { key, name } of example.gives.entries) {
      if (name === 'sourcedId' || name === 'metadata' || Object.hasOwn(fields, name)) continue
      const hint = suggest(name, ['sourcedId', ...Object.keys(fields)])
      report(key.place, 'key', `${rule.collection} have no field \`${name}\`.${hint}`)
    }
  }
}

function checkGiven({ given, settings, today }: ExampleTree, tree: MappingTree, report: Report): void {
  for (const [name, { key, rows }] of given) {
    const source = tree.sources.get(name)
    if (source) checkShape(rows, { kind: 'list', of: source.shape, slot: -1 }, name, report)
    else if (!tree.seen.has(`sources.${name}`)) {
      const known = [...tree.sources.keys(), 'settings', 'today', 'published']
      report(key.place, 'name', `there is no source \`${name}\`.${suggest(name, known)}`)
    }
  }
  const known = settingNames(tree)
  for (const { key, name, value } of settings?.entries ?? []) {
    if (!known.includes(name)) report(key.place, 'name', `there is no setting \`${name}\`.${suggest(name, known)}`)
    const setting = tree.settings.get(name)
    for (const word of setting ? strangeWords(setting, typedData(value)) : []) {
      const hint = setting ? hintFor(word, setting) : ''
      report(value.place, 'value', `\`settings.${name}\` can't be ${describeWord(word)}.${hint}`)
    }
  }
  if (today !== undefined && !/^\d{4}-\d\d-\d\d$/.test(today.text)) {
    report(today.place, 'type', `\`today\` is a day such as 2026-10-01, not "${today.text}"`)
  }
}

/** What was published before matters to `create_only` alone. */
function checkPublished(
  { published }: ExampleTree,
  rule: RuleTree,
  fields: Readonly<Record<string, TargetField>>,
  report: Report,
): void {
  const kept = rule.createOnly?.map(({ text }) => text) ?? []
  for (const { key, name, value } of published?.entries ?? []) {
    if (name !== ID && !Object.hasOwn(fields, name)) {
      const hint = suggest(name, [ID, ...Object.keys(fields)])
      report(key.place, 'key', `${rule.collection} have no field \`${name}\`.${hint}`)
    } else if (!kept.includes(name)) {
      const message = `\`${name}\` is not in the \`create_only\` of \`${rule.id}\`, so what it was changes nothing`
      report(key.place, 'key', message)
    } else if (value.kind !== 'scalar') {
      report(value.place, 'shape', `\`${name}\` is a text, not a ${value.kind}`)
    }
  }
}

function checkColumns(node: MapNode, shape: GroupShape, owner: string, report: Report): void {
  for (const { key, name, value } of node.entries) {
    const member = shape.members.get(name)
    if (member) checkShape(value, member, `${owner}.${name}`, report)
    else report(key.place, 'path', `\`${owner}\` has no \`${name}\`.${suggest(name, [...shape.members.keys()])}`)
  }
}

function checkShape(node: Node, shape: Shape, owner: string, report: Report): void {
  if (shape.kind === 'list') {
    for (const item of node.kind === 'list' ? node.items : [node]) checkShape(item, shape.of, owner, report)
  } else if (shape.kind === 'group' && node.kind === 'map') checkColumns(node, shape, owner, report)
  else if (shape.kind === 'scalar' && node.kind !== 'scalar') {
    report(node.place, 'shape', `\`${owner}\` is ${shape.type}, not a ${node.kind}`)
  }
}

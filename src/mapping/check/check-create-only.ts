// Checks the `create_only` of a rule: fields that it fills, each a single text or date, and the word `id`.

import type { Report } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import { ID } from '../run/create-only.ts'
import type { RuleTree } from '../schema/mapping-tree.ts'
import { suggest } from './suggest.ts'
import type { TargetField } from './target.ts'

export function checkCreateOnly(rule: RuleTree, fields: Readonly<Record<string, TargetField>>, report: Report): void {
  const seen = new Set<string>()
  for (const node of rule.createOnly ?? []) {
    const { text, place } = node
    if (seen.has(text)) report(place, 'duplicate', `\`${text}\` stands in this \`create_only\` twice`)
    else if (text !== ID) checkName(node, rule, fields, report)
    seen.add(text)
  }
}

function checkName(
  { text, place }: ScalarNode,
  rule: RuleTree,
  fields: Readonly<Record<string, TargetField>>,
  report: Report,
): void {
  const { collection, id } = rule
  const field = Object.hasOwn(fields, text) ? fields[text] : undefined
  if (field === undefined) {
    const hint = text === 'sourcedId' ? ' Write `id`.' : suggest(text, [ID, ...Object.keys(fields)])
    report(place, 'name', `\`create_only\` names fields of ${collection}, which have no \`${text}\`.${hint}`)
  } else if (field.many || (field.type !== 'text' && field.type !== 'date')) {
    const found = field.many ? `a list of ${field.type}` : `a ${field.type}`
    report(place, 'type', `\`create_only\` keeps single texts and dates, \`${collection}.${text}\` is ${found}`)
  } else if (!rule.fields.some(({ name }) => name === text)) {
    const missing = [`entities.${id}.fields.${text}`]
    report(
      place,
      'name',
      `\`${id}\` fills no \`${text}\`, so there is nothing to keep. Fill it, or leave it out here.`,
      missing,
    )
  }
}

// What a person asks to have explained: a record, a row of a rule, or a column; and what is wrong with a name.
import type { CheckedMapping } from '../check/check.ts'
import { columnAt } from '../check/column-paths.ts'
import { suggest } from '../check/suggest.ts'

export type Subject =
  | { readonly kind: 'record'; readonly collection: string; readonly sourcedId: string }
  | { readonly kind: 'row'; readonly rule: string; readonly key: string }
  | { readonly kind: 'column'; readonly column: string }

/** What is asked for is not in the mapping; the message names what is. */
export interface SubjectFault {
  readonly fault: string
}

/**
 * `users/stu7`, `users.student/9`, or `students.contact_info.email`; a column may be a group or a list. A fault for names that
 * the mapping does not have.
 */
export function readSubject(text: string, checked: CheckedMapping): Subject | SubjectFault {
  const slash = text.indexOf('/')
  if (slash < 0) return readColumn(text, checked)
  const [name, id] = [text.slice(0, slash), text.slice(slash + 1)]
  if (id === '') return { fault: `\`${text}\` names no record: write its sourcedId after the \`/\`.` }
  if (name.includes('.')) return readRule(name, id, checked)
  const collections = [...new Set([...checked.tree.seen.keys()].flatMap((path) => COLLECTION.exec(path)?.[1] ?? []))]
  if (collections.includes(name)) return { kind: 'record', collection: name, sourcedId: id }
  return { fault: `The mapping makes no \`${name}\`.${suggest(name, collections)}` }
}

const COLLECTION = /^entities\.([^.]+)\./

function readRule(rule: string, key: string, { tree }: CheckedMapping): Subject | SubjectFault {
  const isKnown = tree.rules.has(rule) || tree.off.has(rule) || tree.removed.has(`entities.${rule}`)
  if (isKnown) return { kind: 'row', rule, key }
  return { fault: `There is no rule \`${rule}\`.${suggest(rule, [...tree.rules.keys()])}` }
}

function readColumn(text: string, { tree }: CheckedMapping): Subject | SubjectFault {
  const dot = text.indexOf('.')
  const name = dot < 0 ? text : text.slice(0, dot)
  const source = tree.sources.get(name)
  if (source === undefined) {
    const message = `There is no source \`${name}\`.${suggest(name, [...tree.sources.keys()])}`
    return { fault: `${message} Records are named COLLECTION/ID, rows RULE/KEY, columns SOURCE.COLUMN.` }
  }
  if (dot < 0) return { kind: 'column', column: name }
  const path = text.slice(dot + 1)
  if (columnAt(source.shape, path) !== undefined) return { kind: 'column', column: text }
  return { fault: `\`${name}\` has no column \`${path}\`.${suggest(path, source.shape.paths)}` }
}

/** What is wrong with the name of a field, or undefined when some rule of the collection fills it. */
export function faultOfField(field: string, collection: string, { tree, target }: CheckedMapping): string | undefined {
  const rules = [...tree.rules.values()].filter((rule) => rule.collection === collection)
  const filled = rules.flatMap(({ fields, metadata }) => [
    ...fields.map(({ name }) => name),
    ...metadata.map(({ name }) => `metadata.${name}`),
  ])
  if (filled.includes(field)) return undefined
  const known = [...new Set(filled)]
  const isOfModel = target[collection]?.fields[field] !== undefined
  if (isOfModel) return `No rule fills \`${collection}.${field}\`: every record is without it. ${addIt(field)}`
  return `\`${collection}\` has no field \`${field}\`.${suggest(field, known)}`
}

const addIt = (field: string) => `A layer can: \`${field}: =…\` under the \`fields\` of a rule.`
